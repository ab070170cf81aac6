with items as (
    select *
    from {{ ref('stg_online_retail__order_items') }}
    where quarantine_reason is null
),

ranked as (
    select
        items.*,
        min(ordered_at) over (partition by product_id) as first_ordered_at,
        row_number() over (
            partition by product_id
            order by case when product_name is null then 1 else 0 end asc, ordered_at asc, order_item_id asc
        ) as line_rank
    from items
),

-- The file has no categories and no price list; lines that are no goods carry codes of their own.
final as (
    select
        product_id,
        product_name,
        case
            when product_id in ('POST', 'DOT', 'C2') then 'postage'
            when product_id in ('AMAZONFEE', 'B', 'BANK CHARGES', 'CRUK', 'D', 'M', 'S') then 'charges and corrections'
        end as category,
        cast(null as decimal(18, 2)) as list_price,
        first_ordered_at as listed_at,
        first_ordered_at as known_at
    from ranked
    where line_rank = 1
)

select * from final
