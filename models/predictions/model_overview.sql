{% set figures = ['roc_auc', 'average_precision', 'gain_top_10pct', 'base_rate', 'expected_calibration_error'] %}
{% set with_interval = ['roc_auc', 'average_precision', 'gain_top_10pct'] %}

with champions as (
    select * from {{ ref('champions') }}
),

evaluations as (
    select * from {{ ref('champion_evaluations') }}
),

predictions as (
    select * from {{ source('scoring', 'predictions') }}
),

outcomes as (
    select * from {{ ref('outcomes') }}
),

tasks as (
    {%- for task in declared_tasks() %}
    select
        '{{ task.name }}' as task,
        {{ dbt.string_literal(dbt.escape_single_quotes(task.title)) }} as task_title,
        '{{ task.entity }}' as entity,
        '{{ task.outcome }}' as outcome,
        '{{ task.feature_table }}' as feature_table
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
),

measured as (
    select
        task,
        max(protocol) as protocol,
        max(row_count) as measured_rows,
        max(buyers) as measured_buyers,
        {%- for figure in with_interval %}
        {%- for end in ['low', 'high'] %}
        max(case when metric = '{{ figure }}' then value_{{ end }} end) as {{ figure }}_{{ end }},
        {%- endfor %}
        {%- endfor %}
        {%- for figure in figures %}
        max(case when metric = '{{ figure }}' then value end) as {{ figure }}{{ ',' if not loop.last }}
        {%- endfor %}
    from evaluations
    group by task
),

of_champions as (
    select predictions.*
    from predictions
    inner join champions
        on
            predictions.task = champions.task
            and predictions.model_version = champions.model_version
),

newest as (
    select
        task,
        max(as_of_date) as as_of_date
    from of_champions
    group by task
),

scored as (
    select
        of_champions.task,
        of_champions.as_of_date,
        count(*) as rows_scored,
        coalesce(sum(of_champions.probability), 0) as expected_buyers,
        max(of_champions.scored_at) as scored_at
    from of_champions
    inner join newest
        on
            of_champions.task = newest.task
            and of_champions.as_of_date = newest.as_of_date
    group by
        of_champions.task,
        of_champions.as_of_date
),

final as (
    select
        champions.task,
        coalesce(tasks.task_title, replace(champions.task, '_', ' ')) as task_title,
        tasks.entity,
        tasks.outcome,
        tasks.feature_table,
        coalesce(outcomes.is_headline, false) as is_headline,
        champions.model_version,
        champions.candidate,
        replace(champions.candidate, '_', ' ') as candidate_title,
        champions.training_rows,
        champions.training_buyers,
        champions.training_from,
        champions.training_to,
        champions.drawn,
        champions.trained_at,
        measured.protocol,
        measured.measured_rows,
        measured.measured_buyers,
        {%- for figure in figures %}
        measured.{{ figure }},
        {%- if figure in with_interval %}
        measured.{{ figure }}_low,
        measured.{{ figure }}_high,
        {%- endif %}
        {%- endfor %}
        scored.as_of_date as scored_as_of_date,
        scored.rows_scored,
        scored.expected_buyers,
        scored.scored_at
    from champions
    left join tasks on champions.task = tasks.task
    left join outcomes on tasks.outcome = outcomes.outcome
    left join measured on champions.task = measured.task
    left join scored on champions.task = scored.task
)

select * from final
