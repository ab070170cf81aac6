{% set days_counted = 'members.outcome_days + ' ~ var('label_grace_days') %}

with delivered as (
    select * from {{ source('scoring', 'delivery_members') }}
),

settings as (
    select * from {{ ref('audiences') }}
),

ranked as (
    select
        delivered.*,
        row_number() over (
            partition by audience, customer_id
            order by as_of_date asc, is_holdout asc, delivery_id asc
        ) as delivery_rank
    from delivered
),

-- A customer counts once per audience, from the first delivery on.
members as (
    select
        ranked.audience,
        ranked.customer_id,
        ranked.as_of_date,
        ranked.is_holdout,
        coalesce(settings.outcome_days, 30) as outcome_days
    from ranked
    left join settings on ranked.audience = settings.audience
    where ranked.delivery_rank = 1
),

{% for outcome, relation, event_at, condition in [
    ('purchases', 'orders', 'ordered_at', "events.order_type = 'purchase'"), ('visits', 'sessions', 'started_at', 'true'),
] %}
{{ outcome }} as (
    select
        members.audience,
        members.customer_id
    from members
    inner join {{ ref(relation) }} as events
        on
            members.customer_id = events.customer_id
            and members.as_of_date <= events.{{ event_at }}
            and events.{{ event_at }} < {{ dbt.dateadd('day', 'members.outcome_days', 'members.as_of_date') }}
            and events.known_at <= {{ dbt.dateadd('day', days_counted, 'members.as_of_date') }}
    where {{ condition }}
    group by
        members.audience,
        members.customer_id
),
{% endfor %}

matured as (
    select
        members.*,
        {{ has_matured('members.as_of_date', days_counted, 'orders') }} as has_purchase_matured,
        {{ has_matured('members.as_of_date', days_counted, 'web_sessions') }} as has_visit_matured
    from members
),

final as (
    select
        matured.audience,
        matured.customer_id,
        matured.as_of_date,
        matured.is_holdout,
        case when matured.has_purchase_matured then purchases.customer_id is not null end as has_purchase,
        case when matured.has_visit_matured then visits.customer_id is not null end as has_visit
    from matured
    left join purchases
        on
            matured.audience = purchases.audience
            and matured.customer_id = purchases.customer_id
    left join visits
        on
            matured.audience = visits.audience
            and matured.customer_id = visits.customer_id
)

select * from final
