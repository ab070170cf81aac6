{% set readable = [
    'list_price', 'listed_at', 'known_at',
] %}

with source as (
    {{ distinct_rows(ref('raw_sample__products'), [clean_text('product_id')]) }}
),

typed as (
    select
        {{ clean_text('product_id') }} as product_id,
        {{ clean_text('product_name') }} as product_name,
        {{ clean_label('category') }} as category,
        {{ try_cast('list_price', 'decimal(18, 2)') }} as list_price,
        {{ try_cast('listed_at', 'timestamp') }} as listed_at,
        {{ try_cast('known_at', 'timestamp') }} as known_at,
        {{ filled(readable) }} as filled_columns,
        raw_hash,
        raw_copies,
        is_conflicting
    from source
),

checked as (
    select
        typed.product_id,
        typed.product_name,
        typed.category,
        typed.list_price,
        typed.listed_at,
        typed.known_at,
        typed.raw_hash,
        typed.raw_copies,
        {{ quarantine_reason({
            'missing_id': 'typed.product_id is null',
            'missing_time': 'typed.listed_at is null or typed.known_at is null',
            'unreadable_value': 'typed.filled_columns > ' ~ filled(readable, 'typed'),
            'negative_price': 'typed.list_price < 0',
            'conflicting_id': 'typed.is_conflicting',
        }) }} as quarantine_reason
    from typed
)

select * from checked
