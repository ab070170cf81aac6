with items as (
    select *
    from {{ ref('stg_online_retail__order_items') }}
    where quarantine_reason is null and customer_id is not null
),

ranked as (
    select
        items.*,
        row_number() over (partition by customer_id order by ordered_at asc, order_item_id asc) as line_rank
    from items
),

final as (
    select
        customer_id,
        cast(null as string) as full_name,
        cast(null as string) as email,
        cast(null as string) as gender,
        cast(null as date) as birth_date,
        region,
        cast(null as decimal(18, 2)) as annual_salary,
        cast(null as boolean) as has_marketing_consent,
        ordered_at as registered_at,
        ordered_at as valid_from,
        known_at
    from ranked
    where line_rank = 1
)

select * from final
