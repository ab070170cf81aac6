{%- set thresholds = {} %}
{%- for name in var('monitored_tables') %}
{%- for task in feature_table(name).tasks %}{% do thresholds.update({task.name: task.threshold}) %}{% endfor %}
{%- endfor -%}

with champions as (
    select *
    from {{ source('registry', 'models') }}
    where status = 'champion'
),

predictions as (
    select
        predictions.task,
        predictions.as_of_date,
        predictions.probability,
        max(predictions.as_of_date) over (partition by predictions.task) as newest_date,
        case predictions.task
            {%- for task, threshold in thresholds.items() %}
            when '{{ task }}' then {{ threshold }}
            {%- endfor %}
            else 0.5
        end as threshold
    from {{ source('scoring', 'predictions') }} as predictions
    inner join champions
        on
            predictions.task = champions.task
            and predictions.model_version = champions.model_version
    where predictions.as_of_date <= {{ run_as_of_date() }}
),

-- Rows with equal probabilities form one group, because half of the pairs among them count as correctly ordered.
grouped as (
    select
        task,
        as_of_date,
        probability,
        max(threshold) as threshold,
        count(*) as row_count,
        sum(probability) as buyers,
        sum(1 - probability) as others,
        sum(probability * (1 - probability)) as variance
    from predictions
    where as_of_date = newest_date
    group by
        task,
        as_of_date,
        probability
),

ranked as (
    select
        grouped.*,
        sum(others) over (partition by task order by probability) - others as others_below
    from grouped
),

-- Performance expected from calibrated probabilities (confidence-based performance estimation, E. Ghanem and others).
expected as (
    select
        task,
        as_of_date,
        cast(sum(row_count) as double) as row_count,
        sum(buyers) as buyers,
        sum(others) as others,
        (sum(buyers * others_below) + sum(buyers * others - variance) / 2)
        / nullif(sum(buyers) * sum(others) - sum(variance), 0) as auc,
        sum(variance) / sum(row_count) as brier,
        sum(case when probability >= threshold then buyers end) / sum(case when probability >= threshold then row_count end) as precision_,
        coalesce(sum(case when probability >= threshold then row_count end), 0) as selected
    from ranked
    group by
        task,
        as_of_date
),

measured as (
    {%- for check, about in {
        'expected_auc': (
            'roc_auc', 'auc', auc_standard_error('expected.auc', 'expected.buyers', 'expected.others'), 'An AUC compares at least two.'
        ),
        'expected_precision': (
            'precision', 'precision_', 'sqrt(precision_ * (1 - precision_) / greatest(selected, 1))',
            'None reaches the probability from which it pays to act.'
        ),
        'expected_brier': ('brier', 'brier', 'sqrt(brier * (1 - brier) / row_count)', ''),
    }.items() %}
    select
        '{{ check }}' as check_name,
        'task' as subject_type,
        expected.task as subject,
        expected.as_of_date as observed_date,
        expected.row_count,
        expected.{{ about[1] }} as value,
        {{ about[2] }} as own_error,
        '{{ about[3] }}' as needs,
        evaluations.value as promised,
        (evaluations.value_high - evaluations.value_low) / 3.92 as promised_error
    from expected
    inner join champions on expected.task = champions.task
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
    {{ against_promise(
        'rated', 'the value expected from the scores',
        'Check which features drift; the newest rows are harder to rank than the training rows.'
    ) }}
),

final as (
    {{ monitoring_rows('checked') }}
)

select * from final
