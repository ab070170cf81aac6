{% macro champion_predictions(entity) -%}
    select predictions.*
    from {{ source('scoring', 'predictions') }} as predictions
    inner join {{ source('registry', 'models') }} as champions
        on
            predictions.task = champions.task
            and predictions.model_version = champions.model_version
            and champions.status = 'champion'
    inner join (
        select
            scored.task,
            scored.model_version,
            max(scored.as_of_date) as as_of_date
        from {{ source('scoring', 'predictions') }} as scored
        group by
            scored.task,
            scored.model_version
    ) as newest
        on
            predictions.task = newest.task
            and predictions.model_version = newest.model_version
            and predictions.as_of_date = newest.as_of_date
    where predictions.task in ({{ tasks_of(entity) }})
{%- endmacro %}
