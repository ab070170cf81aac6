with checked as (
    select * from {{ ref('stg_hillstrom__customers_checked') }}
),

final as (
    select *
    from checked
    where quarantine_reason is null
)

select * from final
