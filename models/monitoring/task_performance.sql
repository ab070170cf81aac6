{{ config(
    materialized='incremental', incremental_strategy='delete+insert', unique_key='as_of_date', on_schema_change='fail'
) }}

{%- set tables, horizons = [], [0] %}
{%- for name in var('monitored_tables') %}{% do tables.append(feature_table(name)) %}{% endfor %}
{%- for table in tables %}{% for task in table.tasks %}{% do horizons.append(task.horizon_days) %}{% endfor %}{% endfor -%}

{% for name in var('monitored_tables') + ['int_as_of_dates_scheduled'] %}
-- depends_on: {{ ref(name) }}
{%- endfor %}

-- Predictions of dates that the model was not trained on. An incremental run can skip dates that matured in an earlier run.
with predictions as (
    select predictions.*
    from {{ source('scoring', 'predictions') }} as predictions
    inner join {{ source('registry', 'models') }} as models
        on
            predictions.task = models.task
            and predictions.model_version = models.model_version
            and predictions.as_of_date > models.training_to
    {%- if is_incremental() %}
    where predictions.as_of_date >= {{ dbt.dateadd('day', -(horizons | max + var('label_grace_days') + 60), run_as_of_date()) }}
    {%- endif %}
),

outcomes as (
    {%- for table in tables %}
    {%- for task in table.tasks %}
    select
        predictions.task,
        predictions.model_version,
        predictions.as_of_date,
        predictions.probability,
        case when entities.{{ task.label }} then 1e0 else 0e0 end as is_buyer
    from predictions
    inner join {{ ref(table.name) }} as entities
        on
            predictions.entity_id = cast(entities.{{ table.entity_key }} as {{ dbt.type_string() }})
            and predictions.as_of_date = entities.{{ table.as_of }}
    where predictions.task = '{{ task.name }}' and entities.{{ task.label }} is not null
    union all
    {%- endfor %}
    {%- endfor %}
    select
        task,
        model_version,
        as_of_date,
        probability,
        0e0 as is_buyer
    from predictions
    where false
),

-- Mid-rank among all rows minus mid-rank among rows of the same outcome: the number of rows of the other outcome below.
ranked as (
    select
        outcomes.*,
        rank() over (partition by task, model_version, as_of_date order by probability)
        + (count(*) over (partition by task, model_version, as_of_date, probability) - 1) / 2e0 as overall_rank,
        rank() over (partition by task, model_version, as_of_date, is_buyer order by probability)
        + (count(*) over (partition by task, model_version, as_of_date, is_buyer, probability) - 1) / 2e0 as own_rank,
        count(*) over (partition by task, model_version, as_of_date) - count(*) over (partition by task, model_version, as_of_date, is_buyer)
            as other_rows
    from outcomes
),

placed as (
    select
        ranked.*,
        (overall_rank - own_rank) / nullif(other_rows, 0) as placement
    from ranked
),

-- The AUC and its variance from placements: E. R. DeLong, D. M. DeLong and D. L. Clarke-Pearson (1988, Biometrics 44).
final as (
    select
        task,
        model_version,
        as_of_date,
        cast(count(*) as bigint) as row_count,
        cast(sum(is_buyer) as bigint) as buyers,
        sum(probability) as predicted_buyers,
        sum(probability * (1 - probability)) as predicted_variance,
        avg(case when is_buyer = 1 then placement end) as auc,
        sqrt(
            coalesce(var_samp(case when is_buyer = 1 then placement end), 0.25) / nullif(sum(is_buyer), 0)
            + coalesce(var_samp(case when is_buyer = 0 then placement end), 0.25) / nullif(sum(1 - is_buyer), 0)
        ) as auc_error,
        avg((probability - is_buyer) * (probability - is_buyer)) as brier,
        coalesce(stddev_samp((probability - is_buyer) * (probability - is_buyer)), 0.5) / sqrt(count(*)) as brier_error
    from placed
    group by
        task,
        model_version,
        as_of_date
)

select * from final
