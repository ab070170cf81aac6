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

checked as (
    select
        typed.customer_id,
        typed.full_name,
        typed.email,
        typed.gender,
        typed.birth_date,
        typed.region,
        typed.annual_salary,
        typed.has_marketing_consent,
        typed.registered_at,
        typed.valid_from,
        typed.known_at,
        typed.raw_hash,
        typed.raw_copies,
        {{ quarantine_reason({
            'missing_id': 'typed.customer_id is null',
            'missing_time': 'typed.registered_at is null or typed.valid_from is null or typed.known_at is null',
            'unreadable_value': 'typed.filled_columns > ' ~ filled(readable, 'typed'),
            'event_after_arrival': 'typed.valid_from > typed.known_at',
            'implausible_birth_date': "typed.birth_date < cast('1900-01-01' as date) or typed.birth_date > typed.registered_at",
            'negative_salary': 'typed.annual_salary < 0',
            'implausible_salary': 'typed.annual_salary > 5000000',
            'conflicting_id': 'typed.is_conflicting',
        }) }} as quarantine_reason
    from typed
)

select * from checked
