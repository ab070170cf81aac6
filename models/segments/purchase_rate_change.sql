{% set change = ['level', 'outcome', 'from_as_of_date', 'to_as_of_date'] %}
{% set z = '1.959963984540054' %}

with moves as (
    select * from {{ ref('micro_segment_move_purchases') }}
),

segments as (
    select * from {{ ref('micro_segment_rate_change') }}
),

summed as (
    select
        {{ change | join(', ') }},
        count(*) as segments,
        cast(sum(customers_before) as bigint) as customers_before,
        cast(sum(customers_after) as bigint) as customers_after,
        cast(sum(buyers_before) as bigint) as buyers_before,
        cast(sum(buyers_after) as bigint) as buyers_after,
        sum(case when least(customers_before, customers_after) < 10 then (share_before + share_after) / 2 else 0 end)
            as thin_share,
        sum(mix_effect) as mix_effect,
        sum(rate_effect) as rate_effect,
        sum(share_before * (rate_after - rate_before)) as rate_change_at_shares_before,
        sum(share_after * (rate_after - rate_before)) as rate_change_at_shares_after
    from segments
    group by {{ change | join(', ') }}
),

totals as (
    select
        summed.*,
        {{ ratio('buyers_before', 'customers_before') }} as rate_before,
        {{ ratio('buyers_after', 'customers_after') }} as rate_after
    from summed
),

-- How much the purchase of one customer changes the rate effect through the rate of the segment. Outcomes are nearer to the rate
-- of their own n customers than to the true rate, by sqrt((n - 1) / n). A segment with one customer uses the overall rate.
pulls as (
    select
        {% for column in change %}segments.{{ column }}, {% endfor %}
        segments.segment_id,
        segments.rate_after - segments.rate_before as rate_change,
        case when segments.customers_before = 1 then totals.rate_before else segments.rate_before end as expected_before,
        case when segments.customers_after = 1 then totals.rate_after else segments.rate_after end as expected_after,
        case
            when least(segments.customers_before, segments.customers_after) = 0 then 0.0
            else (segments.share_before + segments.share_after) / 2
        end / nullif(sqrt(segments.customers_before * greatest(segments.customers_before - 1.0, 1.0)), 0) as pull_before,
        case
            when least(segments.customers_before, segments.customers_after) = 0 then 0.0
            else (segments.share_before + segments.share_after) / 2
        end / nullif(sqrt(segments.customers_after * greatest(segments.customers_after - 1.0, 1.0)), 0) as pull_after
    from segments
    inner join totals
        on
            {{ same('segments', 'totals', change) }}
),

-- The influence of one customer on the change and on the rate effect, over both dates together, because a customer who buys after
-- both dates is one customer and not two.
influences as (
    select
        {% for column in change %}totals.{{ column }}, {% endfor %}
        moves.customers,
        coalesce((totals.rate_before - moves.bought_before) / totals.customers_before, 0)
        + coalesce((moves.bought_after - totals.rate_after) / totals.customers_after, 0) as on_change,
        coalesce(
            (came_from.expected_before - moves.bought_before) * came_from.pull_before
            + (came_from.rate_change - totals.rate_change_at_shares_before) / (2 * totals.customers_before),
            0
        )
        + coalesce(
            (moves.bought_after - went_to.expected_after) * went_to.pull_after
            + (went_to.rate_change - totals.rate_change_at_shares_after) / (2 * totals.customers_after),
            0
        ) as on_rate_effect
    from moves
    inner join totals
        on
            {{ same('moves', 'totals', change) }}
    left join pulls as came_from
        on
            {{ same('moves', 'came_from', change) }}
            and moves.from_segment_id = came_from.segment_id
    left join pulls as went_to
        on
            {{ same('moves', 'went_to', change) }}
            and moves.to_segment_id = went_to.segment_id
),

margins as (
    select
        {{ change | join(', ') }},
        {{ z }} * sqrt(sum(customers * on_change * on_change)) as of_change,
        {{ z }} * sqrt(sum(customers * on_rate_effect * on_rate_effect)) as of_rate_effect,
        {{ z }} * sqrt(sum(customers * (on_change - on_rate_effect) * (on_change - on_rate_effect))) as of_mix_effect
    from influences
    group by {{ change | join(', ') }}
),

bounded as (
    select
        {% for column in change %}totals.{{ column }}, {% endfor %}
        totals.customers_before,
        totals.customers_after,
        totals.buyers_before,
        totals.buyers_after,
        totals.rate_before,
        totals.rate_after,
        totals.rate_after - totals.rate_before as change,
        totals.rate_after - totals.rate_before - margins.of_change as change_low,
        totals.rate_after - totals.rate_before + margins.of_change as change_high,
        totals.mix_effect,
        totals.mix_effect - margins.of_mix_effect as mix_effect_low,
        totals.mix_effect + margins.of_mix_effect as mix_effect_high,
        totals.rate_effect,
        totals.rate_effect - margins.of_rate_effect as rate_effect_low,
        totals.rate_effect + margins.of_rate_effect as rate_effect_high,
        totals.segments,
        totals.thin_share,
        case
            when totals.thin_share <= 0.05 then 'reliable'
            when totals.thin_share <= 0.25 then 'borderline'
            else 'too_few'
        end as verdict
    from totals
    inner join margins
        on
            {{ same('totals', 'margins', change) }}
),

final as (
    select
        bounded.*,
        {{ percent_in_words('rate_before') }} || ' to ' || {{ percent_in_words('rate_after') }} || ', '
        || {{ points_in_words('change') }} || ' points (' || {{ points_in_words('change_low') }} || ' to '
        || {{ points_in_words('change_high') }} || '): mix ' || {{ points_in_words('mix_effect') }} || ', rate '
        || {{ points_in_words('rate_effect') }} as in_words
    from bounded
)

select * from final
