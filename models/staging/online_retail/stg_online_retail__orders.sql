with items as (
    select *
    from {{ ref('stg_online_retail__order_items') }}
    where quarantine_reason is null
),

final as (
    select
        order_id,
        max(customer_id) as customer_id,
        cast(null as string) as session_id,
        cast(null as string) as campaign_id,
        max(order_type) as order_type,
        cast(null as string) as original_order_id,
        min(ordered_at) as ordered_at,
        min(known_at) as known_at
    from items
    group by order_id
)

select * from final
