with source as (
    {{ distinct_rows(ref('raw_sample__orders'), [clean_id('order_id')]) }}
),

parent as (
    select
        customer_id,
        count(case when quarantine_reason is null then 1 end) as clean_rows
    from {{ ref('stg_sample__customers') }}
    group by customer_id
),

-- What the lines of an order sell. A purchase whose lines all take articles back contradicts itself.
lines as (
    select
        {{ clean_id('order_id') }} as order_id,
        max({{ clean_integer('quantity') }}) as largest_quantity
    from {{ ref('raw_sample__order_items') }}
    where not is_erased
    group by {{ clean_id('order_id') }}
),

typed as (
    select
        {{ read_columns('orders') }},
        raw_hash,
        raw_copies,
        is_conflicting
    from source
),

final as (
    select
        typed.*,
        {{ quarantine_reason(contract_rules('orders', 'typed', is_read=true), {
            'unexplained_negative_quantity': "typed.order_type = 'purchase' and lines.largest_quantity < 0",
            'unknown_customer': 'typed.customer_id is not null and parent.customer_id is null',
            'customer_quarantined': 'typed.customer_id is not null and parent.clean_rows = 0',
            'conflicting_id': 'typed.is_conflicting',
        }) }} as quarantine_reason
    from typed
    left join parent on typed.customer_id = parent.customer_id
    left join lines on typed.order_id = lines.order_id
)

select * from final
