with products as (
    select * from {{ ref('int_products_unioned') }}
),

final as (
    select
        product_id,
        source_name,
        product_name,
        coalesce(category, 'unknown') as category,
        list_price,
        listed_at,
        known_at
    from products
)

select * from final
