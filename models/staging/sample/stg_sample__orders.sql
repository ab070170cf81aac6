with source as (
    {{ distinct_rows(ref('raw_sample__orders'), [clean_text('order_id')]) }}
),

parent as (
    select
        customer_id,
        count(case when quarantine_reason is null then 1 end) as clean_rows
    from {{ ref('stg_sample__customers') }}
    group by customer_id
),

typed as (
    select
        {{ clean_text('order_id') }} as order_id,
        {{ clean_text('customer_id') }} as customer_id,
        {{ clean_text('session_id') }} as session_id,
        {{ clean_text('campaign_id') }} as campaign_id,
        {{ clean_code('order_type') }} as order_type,
        {{ clean_text('original_order_id') }} as original_order_id,
        {{ try_cast('ordered_at', 'timestamp') }} as ordered_at,
        {{ try_cast('known_at', 'timestamp') }} as known_at,
        raw_hash,
        raw_copies,
        is_conflicting
    from source
),

final as (
    select
        typed.*,
        {{ quarantine_reason({
            'missing_id': 'typed.order_id is null',
            'missing_time': 'typed.ordered_at is null or typed.known_at is null',
            'unknown_order_type': "typed.order_type is null or typed.order_type not in ('purchase', 'return', 'cancellation')",
            'event_after_arrival': 'typed.ordered_at > typed.known_at',
            'unknown_customer': 'typed.customer_id is not null and parent.customer_id is null',
            'customer_quarantined': 'typed.customer_id is not null and parent.clean_rows = 0',
            'conflicting_id': 'typed.is_conflicting',
        }) }} as quarantine_reason
    from typed
    left join parent on typed.customer_id = parent.customer_id
)

select * from final
