with champions as (
    select *
    from {{ source('registry', 'models') }}
    where status = 'champion'
),

performance as (
    select
        performance.*,
        champions.candidate,
        max(performance.as_of_date) over (partition by performance.task) as newest_date
    from {{ ref('task_performance') }} as performance
    inner join champions
        on
            performance.task = champions.task
            and performance.model_version = champions.model_version
    where performance.as_of_date <= {{ run_as_of_date() }}
),

measured as (
    {%- for check, about in {'realised_auc': ('roc_auc', 'auc'), 'realised_brier': ('brier', 'brier')}.items() %}
    select
        '{{ check }}' as check_name,
        'task' as subject_type,
        performance.task as subject,
        performance.as_of_date as observed_date,
        performance.row_count,
        performance.{{ about[1] }} as value,
        performance.{{ about[1] }}_error as own_error,
        evaluations.value as promised,
        (evaluations.value_high - evaluations.value_low) / 3.92 as promised_error
    from performance
    inner join {{ source('registry', 'evaluations') }} as evaluations
        on
            performance.task = evaluations.task
            and performance.model_version = evaluations.model_version
            and performance.candidate = evaluations.candidate
            and evaluations.metric = '{{ about[0] }}'
    where performance.as_of_date = performance.newest_date and performance.{{ about[1] }} is not null
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
