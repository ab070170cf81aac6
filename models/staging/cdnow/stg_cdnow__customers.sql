with orders as (
    select *
    from {{ ref('stg_cdnow__orders') }}
    where quarantine_reason is null
),

final as (
    select
        customer_id,
        cast(null as string) as full_name,
        cast(null as string) as email,
        cast(null as string) as gender,
        cast(null as date) as birth_date,
        cast(null as string) as region,
        cast(null as decimal(18, 2)) as annual_salary,
        cast(null as boolean) as has_marketing_consent,
        min(ordered_at) as registered_at,
        min(ordered_at) as valid_from,
        min(known_at) as known_at
    from orders
    group by customer_id
)

select * from final
