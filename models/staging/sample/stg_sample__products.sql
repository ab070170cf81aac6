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

final as (
    select
        typed.*,
        {{ quarantine_reason({
            'missing_id': 'product_id is null',
            'missing_time': 'listed_at is null or known_at is null',
            'unreadable_value': 'filled_columns > ' ~ filled(readable),
            'negative_price': 'list_price < 0',
            'conflicting_id': 'is_conflicting',
        }) }} as quarantine_reason
    from typed
)

select * from final
