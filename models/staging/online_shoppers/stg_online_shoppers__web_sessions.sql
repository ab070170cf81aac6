with source as (
    {{ distinct_rows(ref('raw_online_shoppers__web_sessions')) }}
),

-- The file says the month but neither day nor year: a session stands on the first of its month in 2017.
months as (
    select
        source.*,
        case lower(substr({{ clean_text('month_name') }}, 1, 3))
            {% for month in ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'] -%}
            when '{{ month }}' then cast('2017-{{ '%02d' % loop.index }}-01' as timestamp)
            {% endfor -%}
        end as started_at
    from source
),

typed as (
    select
        {{ synthetic_key('os-', [
            'administrative_pages', 'administrative_seconds', 'informational_pages', 'informational_seconds',
            'product_pages', 'product_seconds', 'bounce_rate', 'exit_rate', 'page_value', 'special_day', 'month_name',
            'operating_system', 'browser', 'region', 'traffic_source', 'visitor_type', 'is_weekend', 'has_purchase',
        ]) }} as session_id,
        cast(null as string) as customer_id,
        started_at,
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
        {{ clean_category('visitor_type', canonical_categories('visitor_type')) }} as visitor_type,
        {{ clean_boolean('is_weekend') }} as is_weekend,
        {{ clean_boolean('has_purchase') }} as has_purchase,
        started_at as known_at,
        raw_hash,
        raw_copies
    from months
),

final as (
    select
        typed.*,
        {{ quarantine_reason({
            'invalid_label': 'has_purchase is null',
            'unreadable_value': 'administrative_pages is null or administrative_seconds is null
                or informational_pages is null or informational_seconds is null
                or product_pages is null or product_seconds is null
                or bounce_rate is null or exit_rate is null or page_value is null or special_day is null
                or is_weekend is null',
        }, contract_rules('web_sessions')) }} as quarantine_reason
    from typed
)

select * from final
