{% set plausible_age = 'case when ' ~ clean_integer('age') ~ ' between 0 and 120 then ' ~ clean_integer('age') ~ ' end' %}

with source as (
    {{ distinct_rows(ref('raw_social_network_ads__customers'), [clean_id('user_id')]) }}
),

-- The file has no dates. The campaign is set on 2020-01-15: who a customer was is known on 2020-01-01, what they did after.
typed as (
    select
        {{ clean_id('user_id') }} as customer_id,
        cast(null as string) as full_name,
        cast(null as string) as email,
        {{ clean_category('gender', canonical_categories('gender')) }} as gender,
        cast({{ dbt.dateadd('month', '-12 * ' ~ plausible_age, "cast('2020-01-01' as date)") }} as date) as birth_date,
        cast(null as string) as region,
        {{ try_cast('estimated_salary', 'decimal(18, 2)') }} as annual_salary,
        cast(null as boolean) as has_marketing_consent,
        cast('2019-12-31' as timestamp) as registered_at,
        cast('2019-12-31' as timestamp) as valid_from,
        cast('2019-12-31' as timestamp) as known_at,
        {{ clean_integer('age') }} as age_years,
        {{ clean_boolean('purchased') }} as has_purchased,
        raw_hash,
        raw_copies,
        is_conflicting
    from source
),

final as (
    select
        typed.*,
        {{ quarantine_reason({
            'invalid_label': 'has_purchased is null',
            'unreadable_value': 'age_years is null or annual_salary is null or gender is null',
            'implausible_birth_date': 'age_years not between 0 and 120',
            'conflicting_id': 'is_conflicting',
        }, contract_rules('customers')) }} as quarantine_reason
    from typed
)

select * from final
