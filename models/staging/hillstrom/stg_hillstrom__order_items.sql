with orders as (
    select * from {{ ref('stg_hillstrom__orders') }}
),

final as (
    select
        order_id || '-1' as order_item_id,
        order_id,
        product_id,
        1 as quantity,
        amount as unit_price,
        cast(null as decimal(18, 2)) as discount_amount,
        ordered_at,
        known_at
    from orders
)

select * from final
