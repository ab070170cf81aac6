with source as (
    {{ distinct_rows(ref('raw_sample__products')) }}
),

typed as (
    select
        {{ clean_text('product_id') }} as product_id,
        {{ clean_text('product_name') }} as product_name,
        {{ clean_label('category') }} as category,
        {{ try_cast('list_price', 'decimal(18, 2)') }} as list_price,
        {{ try_cast('listed_at', 'timestamp') }} as listed_at,
        {{ try_cast('known_at', 'timestamp') }} as known_at,
        {{ is_unreadable({
            'list_price': try_cast('list_price', 'decimal(18, 2)'),
            'listed_at': try_cast('listed_at', 'timestamp'),
            'known_at': try_cast('known_at', 'timestamp'),
        }) }} as is_unreadable,
        raw_hash,
        raw_copies
    from source
),

repeated as (
    {{ repeated_keys('typed', ['product_id']) }}
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
            'unreadable_value': 'typed.is_unreadable',
            'negative_price': 'typed.list_price < 0',
            'conflicting_id': 'repeated.product_id is not null',
        }) }} as quarantine_reason
    from typed
    left join repeated
        on typed.product_id = repeated.product_id
)

select * from checked
