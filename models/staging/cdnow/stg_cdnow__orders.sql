with checked as (
    select * from {{ ref('stg_cdnow__orders_checked') }}
),

final as (
    select *
    from checked
    where quarantine_reason is null
)

select * from final
