with segments as (
    select * from {{ ref('customer_micro_segments') }}
),

customers as (
    select * from {{ ref('customer_features') }}
),

-- Predictions of dates that the champion was not trained on.
predictions as (
    select predictions.*
    from {{ source('scoring', 'predictions') }} as predictions
    inner join {{ source('registry', 'models') }} as champions
        on
            predictions.task = champions.task
            and predictions.model_version = champions.model_version
            and champions.status = 'champion'
            and predictions.as_of_date > champions.training_to
),

outcomes as (
    {%- for outcome in segment_outcomes() %}
    select
        customers.customer_id,
        customers.as_of_date,
        '{{ outcome.label }}' as outcome,
        customers.{{ outcome.label }} as is_buyer,
        cast(customers.order_amount_365d as decimal(18, 2)) as revenue,
        cast(predictions.probability as decimal(18, 12)) as probability
    from customers
    left join predictions
        on
            customers.customer_id = predictions.entity_id
            and customers.as_of_date = predictions.as_of_date
            and predictions.task = '{{ outcome.task }}'
    where customers.{{ outcome.label }} is not null
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
),

-- The finest segments are counted first, so that the levels above add up few rows.
finest as (
    select
        {%- for level in segment_levels() %}
        segments.{{ level.name }}_segment_id,
        segments.{{ level.name }}_segment_name,
        {%- endfor %}
        outcomes.as_of_date,
        outcomes.outcome,
        count(*) as customers,
        count(case when outcomes.is_buyer then 1 end) as buyers,
        sum(outcomes.revenue) as revenue,
        count(outcomes.probability) as customers_scored,
        count(case when outcomes.is_buyer and outcomes.probability is not null then 1 end) as buyers_scored,
        coalesce(sum(outcomes.probability), 0) as predicted_buyers
    from segments
    inner join outcomes
        on
            segments.customer_id = outcomes.customer_id
            and segments.as_of_date = outcomes.as_of_date
    group by
        {%- for level in segment_levels() %}
        segments.{{ level.name }}_segment_id,
        segments.{{ level.name }}_segment_name,
        {%- endfor %}
        outcomes.as_of_date,
        outcomes.outcome
),

levels as (
    select
        'everyone' as segment_id,
        'Everyone' as segment_name,
        0 as level,
        'everyone' as parent_segment_id,
        finest.*
    from finest
    {%- for level in segment_levels() %}
    union all
    select
        {{ level.name }}_segment_id as segment_id,
        {{ level.name }}_segment_name as segment_name,
        {{ loop.index }} as level,
        {{ level.parent ~ '_segment_id' if level.parent else "'everyone'" }} as parent_segment_id,
        finest.*
    from finest
    {%- endfor %}
),

final as (
    select
        segment_id,
        segment_name,
        level,
        parent_segment_id,
        as_of_date,
        outcome,
        cast(sum(customers) as bigint) as customers,
        cast(sum(buyers) as bigint) as buyers,
        cast(sum(revenue) as double) as revenue,
        cast(sum(customers_scored) as bigint) as customers_scored,
        cast(sum(buyers_scored) as bigint) as buyers_scored,
        cast(sum(predicted_buyers) as double) as predicted_buyers
    from levels
    group by
        segment_id,
        segment_name,
        level,
        parent_segment_id,
        as_of_date,
        outcome
)

select * from final
