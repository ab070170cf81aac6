with sessions as (
    select * from {{ ref('int_web_sessions_unioned') }}
),

purchases as (
    select distinct session_id
    from {{ ref('int_orders_unioned') }}
    where session_id is not null and order_type = 'purchase'
),

final as (
    select
        sessions.session_id,
        sessions.source_name,
        sessions.customer_id,
        sessions.started_at,
        sessions.known_at,
        {{ left_out_is_zero('administrative_pages', 'sessions') }} as administrative_pages,
        {{ left_out_is_zero('administrative_seconds', 'sessions') }} as administrative_seconds,
        {{ left_out_is_zero('informational_pages', 'sessions') }} as informational_pages,
        {{ left_out_is_zero('informational_seconds', 'sessions') }} as informational_seconds,
        {{ left_out_is_zero('product_pages', 'sessions') }} as product_pages,
        {{ left_out_is_zero('product_seconds', 'sessions') }} as product_seconds,
        sessions.bounce_rate,
        sessions.exit_rate,
        sessions.page_value,
        sessions.special_day,
        sessions.operating_system,
        sessions.browser,
        sessions.region,
        sessions.traffic_source,
        coalesce(sessions.visitor_type, 'unknown') as visitor_type,
        sessions.is_weekend,
        coalesce(sessions.has_purchase, purchases.session_id is not null) as has_purchase
    from sessions
    left join purchases on sessions.session_id = purchases.session_id
)

select * from final
