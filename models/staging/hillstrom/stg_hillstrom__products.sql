with orders as (
    select * from {{ ref('stg_hillstrom__orders') }}
),

final as (
    select
        product_id,
        cast(null as string) as product_name,
        product_id as category,
        cast(null as decimal(18, 2)) as list_price,
        min(ordered_at) as listed_at,
        min(known_at) as known_at
    from orders
    where product_id is not null
    group by product_id
)

select * from final
