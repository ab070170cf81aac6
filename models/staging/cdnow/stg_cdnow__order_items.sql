with orders as (
    select *
    from {{ ref('stg_cdnow__orders') }}
    where quarantine_reason is null
),

priced as (
    select
        orders.*,
        cast(ceil(amount * 100 / quantity) / 100 as decimal(18, 2)) as unit_price
    from orders
),

-- An amount that does not divide by the number of CDs: the price is rounded up and the cents too many are a discount.
final as (
    select
        order_id || '-1' as order_item_id,
        order_id,
        cast(null as string) as product_id,
        quantity,
        unit_price,
        cast(quantity * unit_price - amount as decimal(18, 2)) as discount_amount,
        ordered_at,
        known_at
    from priced
)

select * from final
