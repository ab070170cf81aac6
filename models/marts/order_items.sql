with items as (
    select * from {{ ref('int_order_items_unioned') }}
),

orders as (
    select * from {{ ref('int_orders_unioned') }}
),

products as (
    select * from {{ ref('products') }}
),

-- A purchase gives articles, a return or a cancellation takes them and their discount back, whatever sign they were written with.
signed as (
    select
        items.order_item_id,
        items.source_name,
        items.order_id,
        orders.customer_id,
        items.product_id,
        orders.order_type,
        case when orders.order_type = 'purchase' then items.quantity else -abs(items.quantity) end as quantity,
        items.unit_price,
        case when orders.order_type = 'purchase' then 1 else -1 end * abs(coalesce(items.discount_amount, 0)) as discount_amount,
        orders.ordered_at,
        greatest(items.known_at, orders.known_at) as known_at
    from items
    inner join orders on items.order_id = orders.order_id
),

final as (
    select
        signed.order_item_id,
        signed.source_name,
        signed.order_id,
        signed.customer_id,
        signed.product_id,
        coalesce(products.category, 'unknown') as category,
        signed.order_type,
        signed.quantity,
        signed.unit_price,
        cast(signed.quantity * signed.unit_price as decimal(18, 2)) as gross_amount,
        cast(signed.discount_amount as decimal(18, 2)) as discount_amount,
        cast(signed.quantity * signed.unit_price - signed.discount_amount as decimal(18, 2)) as net_amount,
        signed.ordered_at,
        signed.known_at
    from signed
    left join products on signed.product_id = products.product_id
)

select * from final
