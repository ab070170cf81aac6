with source as (
    {{ distinct_rows(ref('raw_sample__order_items')) }}
),

parent as (
    select
        order_id,
        count(case when quarantine_reason is null then 1 end) as clean_rows
    from {{ ref('stg_sample__orders_checked') }}
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
        {{ is_unreadable({
            'quantity': clean_integer('quantity'),
            'unit_price': try_cast('unit_price', 'decimal(18, 2)'),
            'discount_amount': try_cast('discount_amount', 'decimal(18, 2)'),
            'ordered_at': try_cast('ordered_at', 'timestamp'),
            'known_at': try_cast('known_at', 'timestamp'),
        }) }} as is_unreadable,
        raw_hash,
        raw_copies
    from source
),

repeated as (
    {{ repeated_keys('typed', ['order_item_id']) }}
),

checked as (
    select
        typed.order_item_id,
        typed.order_id,
        typed.product_id,
        typed.quantity,
        typed.unit_price,
        typed.discount_amount,
        typed.ordered_at,
        typed.known_at,
        typed.raw_hash,
        typed.raw_copies,
        {{ quarantine_reason({
            'missing_id': 'typed.order_item_id is null or typed.order_id is null',
            'missing_time': 'typed.ordered_at is null or typed.known_at is null',
            'unreadable_value': 'typed.is_unreadable',
            'event_after_arrival': 'typed.ordered_at > typed.known_at',
            'zero_quantity': 'coalesce(typed.quantity, 0) = 0',
            'negative_price': 'typed.unit_price < 0',
            'implausible_price': 'typed.unit_price > 100000',
            'unknown_order': 'parent.order_id is null',
            'order_quarantined': 'parent.clean_rows = 0',
            'conflicting_id': 'repeated.order_item_id is not null',
        }) }} as quarantine_reason
    from typed
    left join repeated
        on typed.order_item_id = repeated.order_item_id
    left join parent on typed.order_id = parent.order_id
)

select * from checked
