{% set change = ['level', 'outcome', 'from_as_of_date', 'to_as_of_date'] | join(', ') %}
{% set before = ['rate_before', 'wilson_before_low', 'wilson_before_high'] %}
{% set after = ['rate_after', 'wilson_after_low', 'wilson_after_high'] %}

with moves as (
    select * from {{ ref('micro_segment_move_purchases') }}
),

sides as (
    select
        {{ change }},
        from_segment_id as segment_id,
        from_segment_name as segment_name,
        customers as customers_before,
        customers * bought_before as buyers_before,
        0 as customers_after,
        0 as buyers_after
    from moves
    where from_segment_id <> 'new'
    union all
    select
        {{ change }},
        to_segment_id as segment_id,
        to_segment_name as segment_name,
        0 as customers_before,
        0 as buyers_before,
        customers as customers_after,
        customers * bought_after as buyers_after
    from moves
    where to_segment_id <> 'gone'
),

counted as (
    select
        {{ change }},
        segment_id,
        segment_name,
        cast(sum(customers_before) as bigint) as customers_before,
        cast(sum(customers_after) as bigint) as customers_after,
        cast(sum(buyers_before) as bigint) as buyers_before,
        cast(sum(buyers_after) as bigint) as buyers_after
    from sides
    group by
        {{ change }},
        segment_id,
        segment_name
),

-- A segment that is empty at one date takes its rate from the other date, so that its whole effect is mix.
rated as (
    select
        counted.*,
        {{ ratio('customers_before', 'sum(customers_before) over (partition by ' ~ change ~ ')') }} as share_before,
        {{ ratio('customers_after', 'sum(customers_after) over (partition by ' ~ change ~ ')') }} as share_after,
        {{ ratio('sum(buyers_before) over (partition by ' ~ change ~ ')', 'sum(customers_before) over (partition by ' ~ change ~ ')') }}
            as overall_before,
        {{ ratio('sum(buyers_after) over (partition by ' ~ change ~ ')', 'sum(customers_after) over (partition by ' ~ change ~ ')') }}
            as overall_after,
        coalesce({{ ratio('buyers_before', 'customers_before') }}, {{ ratio('buyers_after', 'customers_after') }}) as rate_before,
        coalesce({{ ratio('buyers_after', 'customers_after') }}, {{ ratio('buyers_before', 'customers_before') }}) as rate_after,
        {{ wilson_low('buyers_before', 'customers_before') }} as wilson_before_low,
        {{ wilson_high('buyers_before', 'customers_before') }} as wilson_before_high,
        {{ wilson_low('buyers_after', 'customers_after') }} as wilson_after_low,
        {{ wilson_high('buyers_after', 'customers_after') }} as wilson_after_high
    from counted
),

averaged as (
    select
        rated.*,
        share_after - share_before as share_change,
        (share_before + share_after) / 2 as share_mean,
        (overall_before + overall_after) / 2 as overall_mean,
        (rate_before + rate_after) / 2 as rate_mean,
        case
            when customers_before = 0 then wilson_after_low
            when customers_after = 0 then wilson_before_low
            else ({{ sum_low(before, after) }}) / 2
        end as rate_mean_low,
        case
            when customers_before = 0 then wilson_after_high
            when customers_after = 0 then wilson_before_high
            else ({{ sum_high(before, after) }}) / 2
        end as rate_mean_high,
        case when customers_before = 0 or customers_after = 0 then 0.0 else {{ difference_low(after, before) }} end
            as rate_change_low,
        case when customers_before = 0 or customers_after = 0 then 0.0 else {{ difference_high(after, before) }} end
            as rate_change_high
    from rated
),

final as (
    select
        {{ change }},
        segment_id,
        segment_name,
        customers_before,
        customers_after,
        share_before,
        share_after,
        buyers_before,
        buyers_after,
        rate_before,
        wilson_before_low,
        wilson_before_high,
        rate_after,
        wilson_after_low,
        wilson_after_high,
        share_change * (rate_mean - overall_mean) as mix_effect,
        share_change * (case when share_change < 0 then rate_mean_high else rate_mean_low end - overall_mean) as mix_effect_low,
        share_change * (case when share_change < 0 then rate_mean_low else rate_mean_high end - overall_mean) as mix_effect_high,
        share_mean * (rate_after - rate_before) as rate_effect,
        share_mean * rate_change_low as rate_effect_low,
        share_mean * rate_change_high as rate_effect_high,
        share_change * (rate_mean - overall_mean) + share_mean * (rate_after - rate_before) as effect
    from averaged
    where overall_mean is not null
)

select * from final
