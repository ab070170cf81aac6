{% set contacted = ['contacted_rate', 'contacted_low', 'contacted_high'] %}
{% set held_out = ['held_out_rate', 'held_out_low', 'held_out_high'] %}
{% set responded = ['has_purchase', 'has_visit'] %}
{% set counts = ('contacted_responders', 'contacted', 'all_responders', 'customers') %}

with outcomes as (
    select * from {{ ref('activation_outcomes') }}
),

segments as (
    select * from {{ ref('customer_micro_segments') }}
),

responses as (
    {%- for outcome in responded %}
    select
        audience,
        customer_id,
        as_of_date,
        is_holdout,
        '{{ outcome }}' as outcome,
        {{ outcome }} as has_responded
    from outcomes
    where {{ outcome }} is not null
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
),

levels as (
    select
        responses.*,
        0 as level,
        'everyone' as segment_id,
        'Everyone' as segment_name
    from responses
    {%- for level in segment_levels()[:2] %}
    union all
    select
        responses.*,
        {{ loop.index }} as level,
        segments.{{ level.name }}_segment_id as segment_id,
        segments.{{ level.name }}_segment_name as segment_name
    from responses
    inner join segments
        on
            responses.customer_id = segments.customer_id
            and responses.as_of_date = segments.as_of_date
    {%- endfor %}
),

counted as (
    select
        audience,
        outcome,
        level,
        segment_id,
        segment_name,
        count(*) as customers,
        count(case when has_responded then 1 end) as all_responders,
        count(case when not is_holdout then 1 end) as contacted,
        count(case when not is_holdout and has_responded then 1 end) as contacted_responders,
        count(case when is_holdout then 1 end) as held_out,
        count(case when is_holdout and has_responded then 1 end) as held_out_responders
    from levels
    group by
        audience,
        outcome,
        level,
        segment_id,
        segment_name
    having count(case when is_holdout then 1 end) between 1 and count(*) - 1
),

rated as (
    select
        counted.*,
        {%- for group in ['contacted', 'held_out'] %}
        {{ ratio(group ~ '_responders', group) }} as {{ group }}_rate,
        {{ wilson_low(group ~ '_responders', group) }} as {{ group }}_low,
        {{ wilson_high(group ~ '_responders', group) }} as {{ group }}_high,
        {%- endfor %}
        {{ in_excess(*counts) }} as seen,
        {{ in_excess(*counts, of='parent') }} as seen_in_all
    from counted
),

compared as (
    select
        rated.*,
        {{ difference_low(contacted, held_out) }} as effect_low,
        {{ difference_high(contacted, held_out) }} as effect_high,
        {{ difference_p_value('seen', 'cast(contacted as double)', 'seen_in_all', 'cast(customers as double)') }} as p_value
    from rated
),

ranked as (
    select
        compared.*,
        row_number() over (partition by audience, outcome order by p_value asc, level asc, segment_id asc) as p_rank
    from compared
),

stepped as (
    select
        ranked.*,
        {{ q_value_step('p_value', 'p_rank', 'audience, outcome') }} as q_step
    from ranked
),

judged as (
    select
        stepped.*,
        {{ q_value('q_step', 'p_rank', 'audience, outcome') }} as q_value
    from stepped
),

final as (
    select
        audience,
        outcome,
        case outcome
            {%- for outcome in responded %}
            when '{{ outcome }}' then '{{ outcome_in_words(outcome) }}'
            {%- endfor %}
        end as outcome_title,
        level,
        segment_id,
        segment_name,
        contacted,
        contacted_responders,
        contacted_rate,
        held_out,
        held_out_responders,
        held_out_rate,
        contacted_rate - held_out_rate as effect,
        effect_low,
        effect_high,
        (contacted_rate - held_out_rate) * contacted as added_responders,
        effect_low * contacted as added_low,
        effect_high * contacted as added_high,
        cast(p_value as double) as p_value,
        cast(q_value as double) as q_value,
        case
            when (effect_high - effect_low) / 2 > {{ var('borderline_half_width') }} then 'too_few'
            when effect_low > 0 and q_value <= 0.05 then 'adds'
            when effect_high < 0 and q_value <= 0.05 then 'takes_away'
            else 'unclear'
        end as verdict
    from judged
)

select * from final
