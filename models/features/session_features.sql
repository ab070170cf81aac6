with scheduled as (
    select distinct as_of_date
    from {{ ref('int_as_of_dates_scheduled') }}
    where source_name in ({{ sources_on() }})
),

-- History starts one step of the calendar before its first date.
history as (
    select cast({{ dbt.dateadd('day', '-max(every_days)', 'min(first_as_of_date)') }} as timestamp) as starts_at
    from {{ ref('as_of_calendar') }}
    where source_name in ({{ sources_on() }})
),

sessions as (
    select sessions.*
    from {{ ref('sessions') }} as sessions
    inner join history on sessions.started_at >= coalesce(history.starts_at, sessions.started_at)
),

-- A session belongs to the first as-of date that knows it.
dated as (
    select
        sessions.session_id,
        min(scheduled.as_of_date) as as_of_date
    from sessions
    inner join scheduled on {{ was_known('sessions', 'started_at', 'scheduled.as_of_date') }}
    group by sessions.session_id
),

final as (
    select
        sessions.session_id,
        dated.as_of_date,
        sessions.customer_id,
        sessions.started_at,
        {{ as_feature('sessions.administrative_pages') }} as administrative_pages,
        {{ as_feature('sessions.administrative_seconds') }} as administrative_seconds,
        {{ as_feature('sessions.informational_pages') }} as informational_pages,
        {{ as_feature('sessions.informational_seconds') }} as informational_seconds,
        {{ as_feature('sessions.product_pages') }} as product_pages,
        {{ as_feature('sessions.product_seconds') }} as product_seconds,
        {{ as_feature('sessions.bounce_rate') }} as bounce_rate,
        {{ as_feature('sessions.exit_rate') }} as exit_rate,
        {{ as_feature('sessions.page_value') }} as page_value,
        {{ as_feature('sessions.special_day') }} as special_day,
        {{ as_feature(date_part('month', 'sessions.started_at')) }} as month_number,
        {{ as_feature(try_cast('sessions.operating_system', 'double')) }} as operating_system_code,
        {{ as_feature(try_cast('sessions.browser', 'double')) }} as browser_code,
        {{ as_feature(try_cast('sessions.region', 'double')) }} as region_code,
        {{ as_feature(try_cast('sessions.traffic_source', 'double')) }} as traffic_source_code,
        {{ as_feature("case when sessions.visitor_type = 'returning' then 1 else 0 end") }} as is_returning_visitor,
        {{ as_feature("case when sessions.visitor_type = 'new' then 1 else 0 end") }} as is_new_visitor,
        {{ as_feature('case when sessions.is_weekend then 1 when not sessions.is_weekend then 0 end') }} as is_weekend,
        sessions.has_purchase
    from sessions
    inner join dated on sessions.session_id = dated.session_id
    where dated.as_of_date in ({{ due_session_dates() }})
)

select * from final
