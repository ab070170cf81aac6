with checked as (
    select * from {{ ref('stg_online_retail__order_items_checked') }}
),

final as (
    select *
    from checked
    where quarantine_reason is null
)

select * from final
