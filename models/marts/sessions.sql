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
        {{ session_values('sessions') }},
        coalesce(sessions.has_purchase, purchases.session_id is not null) as has_purchase
    from sessions
    left join purchases on sessions.session_id = purchases.session_id
)

select * from final
