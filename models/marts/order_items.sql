with items as (
    select * from {{ ref('int_order_items_unioned') }}
),

orders as (
    select * from {{ ref('int_orders_unioned') }}
),

products as (
    select * from {{ ref('products') }}
),

final as (
    select
        items.order_item_id,
        items.source_name,
        items.order_id,
        orders.customer_id,
        items.product_id,
        coalesce(products.category, 'unknown') as category,
        orders.order_type,
        items.quantity,
        items.unit_price,
        cast(items.quantity * items.unit_price as decimal(18, 2)) as gross_amount,
        coalesce(items.discount_amount, 0) as discount_amount,
        cast(items.quantity * items.unit_price - coalesce(items.discount_amount, 0) as decimal(18, 2)) as net_amount,
        orders.ordered_at,
        greatest(items.known_at, orders.known_at) as known_at
    from items
    inner join orders on items.order_id = orders.order_id
    left join products on items.product_id = products.product_id
)

select * from final
