with as_of_dates as (
    {{ due_as_of_dates() }}
),

sessions as (
    select *
    from {{ ref('sessions') }}
    where customer_id is not null
),

known_sessions as (
    select
        sessions.customer_id,
        as_of_dates.as_of_date,
        sessions.product_pages,
        sessions.administrative_seconds + sessions.informational_seconds + sessions.product_seconds as session_seconds,
        sessions.bounce_rate,
        sessions.exit_rate,
        sessions.page_value,
        sessions.is_weekend,
        sessions.has_purchase,
        {{ days_before('sessions.started_at', 'as_of_dates.as_of_date') }} as days_ago
    from as_of_dates
    inner join sessions
        on
            {{ was_known('sessions', 'started_at', 'as_of_dates.as_of_date') }}
            and sessions.started_at >= {{ dbt.dateadd('day', -365, 'as_of_dates.as_of_date') }}
),

aggregated as (
    select
        customer_id,
        as_of_date,
        {%- for days in [7, 30, 90, 365] %}
        {{ count_within(days) }} as session_count_{{ days }}d,
        {%- endfor %}
        {{ count_within(90, 'is_weekend') }} as weekend_session_count_90d,
        {{ count_within(365, 'has_purchase') }} as purchase_session_count_365d,
        min(days_ago) as days_since_last_session,
        {{ mean_within(90, 'product_pages') }} as product_pages_mean_90d,
        {{ mean_within(90, 'session_seconds') }} as session_seconds_mean_90d,
        {{ mean_within(90, 'bounce_rate') }} as bounce_rate_mean_90d,
        {{ mean_within(90, 'exit_rate') }} as exit_rate_mean_90d,
        {{ mean_within(90, 'page_value') }} as page_value_mean_90d
    from known_sessions
    group by
        customer_id,
        as_of_date
),

final as (
    select
        customer_id,
        as_of_date,
        {%- for days in [7, 30, 90, 365] %}
        {{ as_feature('session_count_' ~ days ~ 'd') }} as session_count_{{ days }}d,
        {%- endfor %}
        {{ as_feature('days_since_last_session') }} as days_since_last_session_365d,
        {{ as_feature(ratio('session_count_30d * 3', 'session_count_90d')) }} as session_count_trend_30d,
        {{ as_feature('product_pages_mean_90d') }} as product_pages_mean_90d,
        {{ as_feature('session_seconds_mean_90d') }} as session_seconds_mean_90d,
        {{ as_feature('bounce_rate_mean_90d') }} as bounce_rate_mean_90d,
        {{ as_feature('exit_rate_mean_90d') }} as exit_rate_mean_90d,
        {{ as_feature('page_value_mean_90d') }} as page_value_mean_90d,
        {{ as_feature(ratio('weekend_session_count_90d', 'session_count_90d')) }} as weekend_session_share_90d,
        {{ as_feature(ratio('purchase_session_count_365d', 'session_count_365d')) }} as purchase_session_share_365d
    from aggregated
)

select * from final
