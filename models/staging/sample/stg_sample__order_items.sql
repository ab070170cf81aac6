{% set readable = [
    'quantity', 'unit_price', 'discount_amount', 'ordered_at', 'known_at',
] %}

with source as (
    {{ distinct_rows(ref('raw_sample__order_items'), [clean_text('order_item_id')]) }}
),

parent as (
    select
        order_id,
        count(case when quarantine_reason is null then 1 end) as clean_rows
    from {{ ref('stg_sample__orders') }}
    group by order_id
),

typed as (
    select
        {{ clean_text('order_item_id') }} as order_item_id,
        {{ clean_text('order_id') }} as order_id,
        {{ clean_text('product_id') }} as product_id,
        {{ clean_integer('quantity') }} as quantity,
        {{ try_cast('unit_price', 'decimal(18, 2)') }} as unit_price,
        {{ try_cast('discount_amount', 'decimal(18, 2)') }} as discount_amount,
        {{ try_cast('ordered_at', 'timestamp') }} as ordered_at,
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
            'missing_id': 'typed.order_item_id is null or typed.order_id is null',
            'missing_time': 'typed.ordered_at is null or typed.known_at is null',
            'unreadable_value': 'typed.filled_columns > ' ~ filled(readable, 'typed'),
            'event_after_arrival': 'typed.ordered_at > typed.known_at',
            'zero_quantity': 'coalesce(typed.quantity, 0) = 0',
            'negative_price': 'typed.unit_price < 0',
            'implausible_price': 'typed.unit_price > 100000',
            'unknown_order': 'parent.order_id is null',
            'order_quarantined': 'parent.clean_rows = 0',
            'conflicting_id': 'typed.is_conflicting',
        }) }} as quarantine_reason
    from typed
    left join parent on typed.order_id = parent.order_id
)

select * from final
