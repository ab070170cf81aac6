with orders as (
    select * from {{ ref('int_orders_unioned') }}
),

items as (
    select
        order_id,
        count(*) as line_count,
        sum(quantity) as quantity,
        sum(gross_amount) as gross_amount,
        sum(discount_amount) as discount_amount,
        sum(net_amount) as net_amount
    from {{ ref('order_items') }}
    group by order_id
),

final as (
    select
        orders.order_id,
        orders.source_name,
        orders.customer_id,
        orders.session_id,
        orders.campaign_id,
        orders.order_type,
        orders.original_order_id,
        orders.ordered_at,
        orders.known_at,
        cast(coalesce(items.line_count, 0) as bigint) as line_count,
        cast(coalesce(items.quantity, 0) as bigint) as quantity,
        cast(coalesce(items.gross_amount, 0) as decimal(18, 2)) as gross_amount,
        cast(coalesce(items.discount_amount, 0) as decimal(18, 2)) as discount_amount,
        cast(coalesce(items.net_amount, 0) as decimal(18, 2)) as net_amount
    from orders
    left join items on orders.order_id = items.order_id
)

select * from final
