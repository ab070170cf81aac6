with source as (
    {{ distinct_rows(ref('raw_sample__order_items'), [clean_id('order_item_id')]) }}
),

parent as (
    select
        order_id,
        max(order_type) as order_type,
        count(case when quarantine_reason is null then 1 end) as clean_rows
    from {{ ref('stg_sample__orders') }}
    group by order_id
),

typed as (
    select
        {{ read_columns('order_items') }},
        raw_hash,
        raw_copies,
        is_conflicting
    from source
),

-- The order says whether its lines sell articles or take them back.
of_order as (
    select
        typed.*,
        parent.order_type,
        parent.clean_rows as clean_orders
    from typed
    left join parent on typed.order_id = parent.order_id
),

final as (
    select
        of_order.*,
        {{ quarantine_reason(contract_rules('order_items', is_read=true), {
            'unknown_order': 'clean_orders is null',
            'order_quarantined': 'clean_orders = 0',
            'conflicting_id': 'is_conflicting',
        }) }} as quarantine_reason
    from of_order
)

select * from final
