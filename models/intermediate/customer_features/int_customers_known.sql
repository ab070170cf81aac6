with as_of_dates as (
    {{ due_as_of_dates() }}
),

versions as (
    select * from {{ ref('int_customers_unioned') }}
),

known_versions as (
    select
        as_of_dates.as_of_date,
        versions.*,
        row_number() over (
            partition by as_of_dates.as_of_date, versions.customer_id
            order by versions.valid_from desc, versions.known_at desc, versions.source_name asc
        ) as version_rank
    from as_of_dates
    inner join versions on {{ was_known('versions', 'valid_from', 'as_of_dates.as_of_date') }}
),

customers as (
    select *
    from known_versions
    where version_rank = 1
),

regions as (
    select
        as_of_date,
        region,
        {{ ratio('sum(annual_salary)', 'count(annual_salary)') }} as mean_salary
    from customers
    where region is not null
    group by
        as_of_date,
        region
),

final as (
    select
        customers.customer_id,
        customers.as_of_date,
        {{ as_feature(days_before('customers.registered_at', 'customers.as_of_date')) }} as tenure_days,
        {{ as_feature(completed_years('customers.birth_date', 'customers.as_of_date')) }} as age_years,
        {{ as_feature("case customers.gender when 'female' then 1 when 'male' then 0 end") }} as is_female,
        {{ as_feature('customers.annual_salary') }} as annual_salary,
        {{ as_feature(ratio('customers.annual_salary', 'regions.mean_salary')) }} as salary_to_region_ratio,
        {{ as_feature('case when customers.has_marketing_consent then 1 when not customers.has_marketing_consent then 0 end') }}
            as has_marketing_consent
    from customers
    left join regions
        on
            customers.as_of_date = regions.as_of_date
            and customers.region = regions.region
)

select * from final
