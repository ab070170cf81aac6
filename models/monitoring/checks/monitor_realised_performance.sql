{%- set tasks = [] %}
{%- for name in var('monitored_tables') %}{% do tasks.append(feature_table(name).task_names) %}{% endfor -%}

with champions as (
    select *
    from {{ source('registry', 'models') }}
    where status = 'champion' and task in ({{ tasks | join(', ') or "''" }})
),

performance as (
    select
        performance.*,
        max(performance.as_of_date) over (partition by performance.task) as newest_date
    from {{ ref('task_performance') }} as performance
    inner join champions
        on
            performance.task = champions.task
            and performance.model_version = champions.model_version
    where performance.as_of_date <= {{ run_as_of_date() }}
),

measured as (
    {%- for check, about in {
        'realised_auc': ('roc_auc', 'auc', 'An AUC compares those with the outcome with those without it.'),
        'realised_brier': ('brier', 'brier', ''),
    }.items() %}
    select
        '{{ check }}' as check_name,
        'task' as subject_type,
        champions.task as subject,
        performance.as_of_date as observed_date,
        coalesce(performance.row_count, 0) as row_count,
        performance.{{ about[1] }} as value,
        performance.{{ about[1] }}_error as own_error,
        case
            when performance.task is null then 'No date after the training has a known outcome.'
            else '{{ about[2] }}'
        end as needs,
        evaluations.value as promised,
        (evaluations.value_high - evaluations.value_low) / 3.92 as promised_error
    from champions
    left join performance
        on
            champions.task = performance.task
            and performance.as_of_date = performance.newest_date
    left join {{ source('registry', 'evaluations') }} as evaluations
        on
            champions.task = evaluations.task
            and champions.model_version = evaluations.model_version
            and champions.candidate = evaluations.candidate
            and evaluations.metric = '{{ about[0] }}'
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
),

rated as (
    {{ with_thresholds('measured') }}
),

checked as (
    {{ against_promise('rated', 'the observed value', 'Train the model again: python -m ml retrain --if-needed.') }}
),

final as (
    {{ monitoring_rows('checked') }}
)

select * from final
