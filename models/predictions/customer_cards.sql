{% set levels = segment_levels() | map(attribute='name') | list %}
{% set labels = feature_table('customer_features').labels %}

with predictions as (
    select * from {{ ref('customer_predictions') }}
),

members as (
    select * from {{ ref('customer_micro_segments') }}
),

segments as (
    select * from {{ ref('public_micro_segments') }}
),

newest as (
    select
        outcome,
        max(as_of_date) as as_of_date
    from segments
    group by outcome
),

shown as (
    select segments.*
    from segments
    inner join newest
        on
            segments.outcome = newest.outcome
            and segments.as_of_date = newest.as_of_date
),

predicted as (
    select
        predictions.*,
        {%- for level in levels %}
        members.{{ level }}_segment_id,
        {%- endfor %}
        case predictions.task
            {%- for task, label in labels.items() %}
            when '{{ task }}' then '{{ label }}'
            {%- endfor %}
        end as outcome
    from predictions
    inner join members
        on
            predictions.customer_id = members.customer_id
            and predictions.as_of_date = members.as_of_date
),

places as (
    select distinct
        outcome,
        {%- for level in levels %}
        {{ level }}_segment_id{{ ',' if not loop.last }}
        {%- endfor %}
    from predicted
),

-- Segments whose figures can be shown for a customer, the finest first: the own segment or the one it was merged into.
candidates as (
    {%- for level in levels | reverse %}
    {%- set rank = loop.index0 %}
    {%- set parent = loop.nextitem ~ '_segment_id' if loop.nextitem else "'everyone'" %}
    select
        outcome,
        {{ levels | last }}_segment_id,
        {{ level }}_segment_id as segment_id,
        {{ 2 * rank }} as candidate_rank
    from places
    union all
    select
        outcome,
        {{ levels | last }}_segment_id,
        {{ parent }} || '/other' as segment_id,
        {{ 2 * rank + 1 }} as candidate_rank
    from places
    union all
    {%- endfor %}
    select
        outcome,
        {{ levels | last }}_segment_id,
        'everyone' as segment_id,
        {{ 2 * (levels | length) }} as candidate_rank
    from places
),

ranked as (
    select
        candidates.{{ levels | last }}_segment_id as place_id,
        shown.*,
        row_number() over (
            partition by candidates.outcome, candidates.{{ levels | last }}_segment_id
            order by candidates.candidate_rank asc, shown.level desc, shown.segment_id asc
        ) as shown_rank
    from candidates
    inner join shown
        on
            candidates.outcome = shown.outcome
            and candidates.segment_id = shown.segment_id
),

final as (
    select
        predicted.customer_id,
        predicted.task,
        predicted.as_of_date,
        predicted.probability,
        predicted.score,
        {%- for rank in [1, 2, 3] %}
        predicted.reason_{{ rank }}_text,
        predicted.reason_{{ rank }},
        predicted.contribution_{{ rank }},
        {%- endfor %}
        predicted.model_version,
        predicted.scored_at,
        ranked.segment_id,
        ranked.segment_name,
        ranked.level as segment_level,
        ranked.as_of_date as segment_as_of_date,
        ranked.outcome,
        ranked.customers,
        ranked.buyers,
        ranked.rate,
        ranked.wilson_low,
        ranked.wilson_high,
        ranked.eb_rate,
        ranked.eb_low,
        ranked.eb_high,
        ranked.verdict
    from predicted
    left join ranked
        on
            predicted.outcome = ranked.outcome
            and predicted.{{ levels | last }}_segment_id = ranked.place_id
            and ranked.shown_rank = 1
)

select * from final
