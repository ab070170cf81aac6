{% set readable = [
    'administrative_pages', 'administrative_seconds', 'informational_pages', 'informational_seconds', 'product_pages',
    'product_seconds', 'bounce_rate', 'exit_rate', 'page_value', 'special_day', 'is_weekend', 'has_purchase',
    'started_at', 'known_at',
] %}

with source as (
    {{ distinct_rows(ref('raw_sample__web_sessions'), [clean_text('session_id')]) }}
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
        {{ clean_text('session_id') }} as session_id,
        {{ clean_text('customer_id') }} as customer_id,
        {{ try_cast('started_at', 'timestamp') }} as started_at,
        {{ clean_integer('administrative_pages') }} as administrative_pages,
        {{ try_cast('administrative_seconds', 'decimal(18, 6)') }} as administrative_seconds,
        {{ clean_integer('informational_pages') }} as informational_pages,
        {{ try_cast('informational_seconds', 'decimal(18, 6)') }} as informational_seconds,
        {{ clean_integer('product_pages') }} as product_pages,
        {{ try_cast('product_seconds', 'decimal(18, 6)') }} as product_seconds,
        {{ try_cast('bounce_rate', 'decimal(18, 9)') }} as bounce_rate,
        {{ try_cast('exit_rate', 'decimal(18, 9)') }} as exit_rate,
        {{ try_cast('page_value', 'decimal(18, 6)') }} as page_value,
        {{ try_cast('special_day', 'decimal(18, 6)') }} as special_day,
        {{ clean_text('operating_system') }} as operating_system,
        {{ clean_text('browser') }} as browser,
        {{ clean_text('region') }} as region,
        {{ clean_text('traffic_source') }} as traffic_source,
        {{ clean_category('visitor_type', {'returning': ['returning', 'returning_visitor'], 'new': ['new', 'new_visitor']}) }} as visitor_type,
        {{ clean_boolean('is_weekend') }} as is_weekend,
        {{ clean_boolean('has_purchase') }} as has_purchase,
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
            'missing_id': 'typed.session_id is null',
            'missing_time': 'typed.started_at is null or typed.known_at is null',
            'unreadable_value': 'typed.filled_columns > ' ~ filled(readable, 'typed'),
            'event_after_arrival': 'typed.started_at > typed.known_at',
            'negative_count': 'typed.administrative_pages < 0 or typed.informational_pages < 0 or typed.product_pages < 0',
            'negative_duration': 'typed.administrative_seconds < 0 or typed.informational_seconds < 0 or typed.product_seconds < 0',
            'rate_out_of_range': 'typed.bounce_rate not between 0 and 1 or typed.exit_rate not between 0 and 1',
            'unknown_customer': 'typed.customer_id is not null and parent.customer_id is null',
            'customer_quarantined': 'typed.customer_id is not null and parent.clean_rows = 0',
            'conflicting_id': 'typed.is_conflicting',
        }) }} as quarantine_reason
    from typed
    left join parent on typed.customer_id = parent.customer_id
)

select * from final
