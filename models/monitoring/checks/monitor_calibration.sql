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

segments as (
    select
        counts.*,
        case counts.outcome
            {%- for outcome in segment_outcomes() %}
            when '{{ outcome.label }}' then '{{ outcome.task }}'
            {%- endfor %}
        end as task,
        max(counts.as_of_date) over (partition by counts.outcome) as newest_date
    from {{ ref('public_micro_segment_counts') }} as counts
    where counts.level > 0 and counts.customers_scored > 0 and counts.as_of_date <= {{ run_as_of_date() }}
),

-- The variance from a segment's mean probability is at least the sum of its customers' own variances.
measured as (
    select
        'calibration' as check_name,
        'task' as subject_type,
        champions.task as subject,
        performance.as_of_date as observed_date,
        performance.row_count,
        performance.buyers,
        performance.buyers / cast(performance.row_count as double) as value,
        performance.predicted_buyers,
        performance.predicted_variance
    from champions
    left join performance
        on
            champions.task = performance.task
            and performance.as_of_date = performance.newest_date
    union all
    select
        'segment_calibration' as check_name,
        'segment' as subject_type,
        task || ', level ' || cast(level as {{ dbt.type_string() }}) || ', ' || segment_name as subject,
        as_of_date as observed_date,
        customers_scored as row_count,
        buyers_scored as buyers,
        buyers_scored / cast(customers_scored as double) as value,
        cast(predicted_buyers as double) as predicted_buyers,
        cast(predicted_buyers as double) * (1 - cast(predicted_buyers as double) / customers_scored) as predicted_variance
    from segments
    where as_of_date = newest_date and task is not null
),

rated as (
    {{ with_thresholds('measured') }}
),

checked as (
    select
        rated.*,
        {{ count_low('predicted_buyers', 'predicted_variance', 'z') }} / row_count as expected_low,
        {{ count_high('predicted_buyers', 'predicted_variance', 'z') }} / row_count as expected_high,
        abs(buyers - predicted_buyers) / row_count as effect,
        coalesce(
            {{ as_text('buyers') }} || ' of ' || {{ as_text('row_count') }} || ' bought, ' || {{ percent_in_words('value') }}
            || ' (95 % interval ' || {{ percent_in_words(wilson_low('buyers', 'row_count')) }} || ' to '
            || {{ percent_in_words(wilson_high('buyers', 'row_count')) }} || '); the prediction was '
            || {{ percent_in_words('predicted_buyers / row_count') }} || '.',
            {{ entities_in_words('0', 'subject') }} || '. No date after the training has a known outcome.'
        ) as finding,
        'Do not read these scores as probabilities until the model is trained again.' as to_do
    from rated
),

final as (
    {{ monitoring_rows('checked') }}
)

select * from final
