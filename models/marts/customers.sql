with versions as (
    select * from {{ ref('int_customers_unioned') }}
),

ranked as (
    select
        versions.*,
        row_number() over (partition by customer_id order by valid_from desc, known_at desc, source_name asc) as version_rank
    from versions
),

final as (
    select
        customer_id,
        source_name,
        full_name,
        email,
        gender,
        birth_date,
        region,
        annual_salary,
        has_marketing_consent,
        registered_at,
        valid_from,
        known_at
    from ranked
    where version_rank = 1
)

select * from final
