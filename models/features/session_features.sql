with scheduled as (
    select distinct as_of_date
    from {{ ref('int_as_of_dates_scheduled') }}
    where source_name in ({{ sources_on() }})
),

-- Sessions count from one step of the calendar before its first date.
history as (
    select cast({{ dbt.dateadd('day', '-max(every_days)', 'min(first_as_of_date)') }} as timestamp) as starts_at
    from {{ ref('as_of_calendar') }}
    where source_name in ({{ sources_on() }})
),

all_sessions as (
    select * from {{ ref('sessions') }}
),

orders as (
    select * from {{ ref('orders') }}
),

engagements as (
    select * from {{ ref('engagements') }}
),

in_history as (
    select
        all_sessions.*,
        all_sessions.administrative_pages + all_sessions.informational_pages + all_sessions.product_pages as page_count,
        all_sessions.administrative_seconds + all_sessions.informational_seconds + all_sessions.product_seconds as session_seconds
    from all_sessions
    inner join history on all_sessions.started_at >= coalesce(history.starts_at, all_sessions.started_at)
),

-- A session belongs to the first as-of date at which it is known.
dated as (
    select
        in_history.session_id,
        min(scheduled.as_of_date) as as_of_date
    from in_history
    inner join scheduled on {{ was_known('in_history', 'started_at', 'scheduled.as_of_date') }}
    group by in_history.session_id
),

sessions as (
    select
        in_history.*,
        dated.as_of_date
    from in_history
    inner join dated on in_history.session_id = dated.session_id
    where dated.as_of_date in ({{ due_session_dates() }})
),

-- Impressions are left out, because they are actions of the shop and not of the customer.
events as (
    select
        customer_id,
        'order' as event,
        ordered_at as happened_at,
        known_at
    from orders
    where order_type = 'purchase'
    union all
    select
        customer_id,
        'session' as event,
        started_at as happened_at,
        known_at
    from all_sessions
    union all
    select
        customer_id,
        'response' as event,
        engaged_at as happened_at,
        known_at
    from engagements
    where action <> 'impression'
),

-- Events that had happened and had arrived when the session started.
previous_events as (
    select
        sessions.session_id,
        events.event,
        {{ days_before('events.happened_at', 'cast(sessions.started_at as date)') }} as days_ago
    from sessions
    inner join events
        on
            sessions.customer_id = events.customer_id
            and {{ was_known('events', 'happened_at', 'sessions.started_at') }}
            and events.happened_at >= {{ dbt.dateadd('day', -365, 'cast(sessions.started_at as date)') }}
),

previous as (
    select
        session_id,
        {%- for event in ['order', 'session', 'response'] %}
        {{ count_within(90, "event = '" ~ event ~ "'") }} as {{ event }}_count_90d,
        {{ count_within(365, "event = '" ~ event ~ "'") }} as {{ event }}_count_365d,
        min(case when event = '{{ event }}' then days_ago end) as days_since_{{ event }}{{ ',' if not loop.last }}
        {%- endfor %}
    from previous_events
    group by session_id
),

final as (
    select
        sessions.session_id,
        sessions.as_of_date,
        sessions.customer_id,
        sessions.started_at,
        {%- for kind in ['administrative', 'informational', 'product'] %}
        {{ as_feature('sessions.' ~ kind ~ '_pages') }} as {{ kind }}_pages,
        {{ as_feature('sessions.' ~ kind ~ '_seconds') }} as {{ kind }}_seconds,
        {%- endfor %}
        {{ as_feature('sessions.page_count') }} as page_count,
        {{ as_feature('sessions.session_seconds') }} as session_seconds,
        {{ as_feature(ratio('sessions.session_seconds', 'sessions.page_count')) }} as seconds_per_page,
        {{ as_feature(ratio('sessions.product_seconds', 'sessions.product_pages')) }} as seconds_per_product_page,
        {{ as_feature(ratio('sessions.administrative_seconds', 'sessions.administrative_pages')) }} as seconds_per_account_page,
        {{ as_feature(ratio('sessions.product_pages', 'sessions.page_count')) }} as product_page_share,
        {{ as_feature('sessions.bounce_rate') }} as bounce_rate,
        {{ as_feature('sessions.exit_rate') }} as exit_rate,
        {{ as_feature('sessions.exit_rate - sessions.bounce_rate') }} as exit_rate_without_bounces,
        {{ as_feature('sessions.bounce_rate * sessions.page_count') }} as expected_bounces,
        {{ as_feature('sessions.exit_rate * sessions.product_pages') }} as expected_product_exits,
        {{ as_feature('sessions.page_value') }} as page_value,
        {{ as_feature('sessions.page_value * sessions.page_count') }} as page_value_total,
        {{ as_feature('sessions.special_day') }} as special_day,
        {{ as_feature(date_part('month', 'sessions.started_at')) }} as month_number,
        {{ as_feature(try_cast('sessions.operating_system', 'double')) }} as operating_system_code,
        {{ as_feature(try_cast('sessions.browser', 'double')) }} as browser_code,
        {{ as_feature(try_cast('sessions.region', 'double')) }} as region_code,
        {{ as_feature(try_cast('sessions.traffic_source', 'double')) }} as traffic_source_code,
        {{ as_feature("case when sessions.visitor_type = 'returning' then 1 else 0 end") }} as is_returning_visitor,
        {{ as_feature("case when sessions.visitor_type = 'new' then 1 else 0 end") }} as is_new_visitor,
        {{ as_feature('case when sessions.is_weekend then 1 when not sessions.is_weekend then 0 end') }} as is_weekend,
        {%- for event in ['order', 'session', 'response'] %}
        {%- for days in [90, 365] %}
        {{ as_feature('case when sessions.customer_id is not null then coalesce(previous.' ~ event ~ '_count_' ~ days ~ 'd, 0) end') }}
            as previous_{{ event }}_count_{{ days }}d,
        {%- endfor %}
        {{ as_feature('previous.days_since_' ~ event) }} as days_since_previous_{{ event }}_365d,
        {%- endfor %}
        sessions.has_purchase
    from sessions
    left join previous on sessions.session_id = previous.session_id
)

select * from final
