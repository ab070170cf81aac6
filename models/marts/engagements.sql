with engagements as (
    select * from {{ ref('int_social_engagements_unioned') }}
),

final as (
    select
        engagement_id,
        source_name,
        customer_id,
        campaign_id,
        channel,
        action,
        engaged_at,
        known_at
    from engagements
)

select * from final
