with source as (
    {{ distinct_rows(ref('raw_sample__social_engagements'), [clean_text('engagement_id')]) }}
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
        {{ clean_text('engagement_id') }} as engagement_id,
        {{ clean_text('customer_id') }} as customer_id,
        {{ clean_text('campaign_id') }} as campaign_id,
        {{ clean_code('channel') }} as channel,
        {{ clean_code('action') }} as action,
        {{ try_cast('engaged_at', 'timestamp') }} as engaged_at,
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
            'missing_id': 'typed.engagement_id is null',
            'missing_time': 'typed.engaged_at is null or typed.known_at is null',
            'unknown_action': "typed.action is null or typed.action not in ('impression', 'click', 'like', 'share', 'follow')",
            'event_after_arrival': 'typed.engaged_at > typed.known_at',
            'unknown_customer': 'parent.customer_id is null',
            'customer_quarantined': 'parent.clean_rows = 0',
            'conflicting_id': 'typed.is_conflicting',
        }) }} as quarantine_reason
    from typed
    left join parent on typed.customer_id = parent.customer_id
)

select * from final
