with as_of_dates as (
    {{ due_as_of_dates() }}
),

engagements as (
    select * from {{ ref('engagements') }}
),

known_engagements as (
    select
        engagements.customer_id,
        as_of_dates.as_of_date,
        engagements.campaign_id,
        engagements.channel,
        engagements.action,
        {{ days_before('engagements.engaged_at', 'as_of_dates.as_of_date') }} as days_ago
    from as_of_dates
    inner join engagements
        on
            {{ was_known('engagements', 'engaged_at', 'as_of_dates.as_of_date') }}
            and engagements.engaged_at >= {{ dbt.dateadd('day', -365, 'as_of_dates.as_of_date') }}
),

aggregated as (
    select
        customer_id,
        as_of_date,
        {%- for days in [30, 90, 365] %}
        {{ count_within(days, "action = 'impression'") }} as impression_count_{{ days }}d,
        {{ count_within(days, "action = 'click'") }} as click_count_{{ days }}d,
        {%- endfor %}
        {{ count_within(90, "action in ('like', 'share', 'follow')") }} as social_action_count_90d,
        {{ count_within(365, "action in ('like', 'share', 'follow')") }} as social_action_count_365d,
        {{ count_within(365, "action = 'follow'") }} as follow_count_365d,
        {{ count_within(90, "channel = 'email' and action = 'impression'") }} as email_impression_count_90d,
        {{ count_within(90, "channel = 'email' and action = 'click'") }} as email_click_count_90d,
        count(distinct case when days_ago <= 90 then campaign_id end) as campaign_count_90d,
        min(case when action <> 'impression' then days_ago end) as days_since_last_response
    from known_engagements
    group by
        customer_id,
        as_of_date
),

final as (
    select
        customer_id,
        as_of_date,
        {{ as_feature('impression_count_30d') }} as impression_count_30d,
        {{ as_feature('impression_count_90d') }} as impression_count_90d,
        {{ as_feature('click_count_30d') }} as click_count_30d,
        {{ as_feature('click_count_90d') }} as click_count_90d,
        {{ as_feature('social_action_count_90d') }} as social_action_count_90d,
        {{ as_feature('follow_count_365d') }} as follow_count_365d,
        {{ as_feature('campaign_count_90d') }} as campaign_count_90d,
        {{ as_feature('days_since_last_response') }} as days_since_last_response_365d,
        {{ as_feature(ratio('click_count_90d', 'impression_count_90d')) }} as click_rate_90d,
        {{ as_feature(ratio('click_count_365d', 'impression_count_365d')) }} as click_rate_365d,
        {{ as_feature(ratio('email_click_count_90d', 'email_impression_count_90d')) }} as email_click_rate_90d,
        {{ as_feature(ratio('social_action_count_365d', 'impression_count_365d')) }} as social_action_rate_365d
    from aggregated
)

select * from final
