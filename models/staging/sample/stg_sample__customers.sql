{% set readable = [
    'birth_date', 'annual_salary', 'has_marketing_consent', 'registered_at', 'valid_from', 'known_at',
] %}

with source as (
    {{ distinct_rows(ref('raw_sample__customers'), [clean_text('customer_id'), try_cast('valid_from', 'timestamp')]) }}
),

typed as (
    select
        {{ clean_text('customer_id') }} as customer_id,
        {{ clean_text('full_name') }} as full_name,
        {{ clean_text('email') }} as email,
        {{ clean_category('gender', {'female': ['f', 'w', 'woman', 'female'], 'male': ['m', 'man', 'male']}) }} as gender,
        {{ try_cast('birth_date', 'date') }} as birth_date,
        {{ clean_label('region') }} as region,
        {{ try_cast('annual_salary', 'decimal(18, 2)') }} as annual_salary,
        {{ clean_boolean('has_marketing_consent') }} as has_marketing_consent,
        {{ try_cast('registered_at', 'timestamp') }} as registered_at,
        {{ try_cast('valid_from', 'timestamp') }} as valid_from,
        {{ try_cast('known_at', 'timestamp') }} as known_at,
        {{ filled(readable) }} as filled_columns,
        raw_hash,
        raw_copies,
        is_conflicting
    from source
),

final as (
    select
        typed.*,
        {{ quarantine_reason({
            'missing_id': 'customer_id is null',
            'missing_time': 'registered_at is null or valid_from is null or known_at is null',
            'unreadable_value': 'filled_columns > ' ~ filled(readable),
            'event_after_arrival': 'valid_from > known_at',
            'implausible_birth_date': "birth_date < cast('1900-01-01' as date) or birth_date > registered_at",
            'negative_salary': 'annual_salary < 0',
            'implausible_salary': 'annual_salary > 5000000',
            'conflicting_id': 'is_conflicting',
        }) }} as quarantine_reason
    from typed
)

select * from final
