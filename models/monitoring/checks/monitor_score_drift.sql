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
        max(predictions.as_of_date) over (partition by predictions.task) as newest_date
    from {{ source('scoring', 'predictions') }} as predictions
    inner join champions
        on
            predictions.task = champions.task
            and predictions.model_version = champions.model_version
    where predictions.as_of_date <= {{ run_as_of_date() }}
),

-- The scores of the evaluation rows are the reference.
promised as (
    select
        held_out.task,
        held_out.probability
    from {{ source('registry', 'held_out_predictions') }} as held_out
    inner join champions
        on
            held_out.task = champions.task
            and held_out.model_version = champions.model_version
),

newest as (
    select
        task,
        max(as_of_date) as as_of_date
    from predictions
    group by task
),

samples as (
    select
        task as subject,
        'newest' as sample,
        false as is_reference,
        true as is_newest
    from newest
    union all
    select
        task as subject,
        'promised' as sample,
        true as is_reference,
        false as is_newest
    from newest
),

scored as (
    select
        task,
        'newest' as sample,
        {{ histogram_bin('probability') }} as bin
    from predictions
    where as_of_date = newest_date
    union all
    select
        task,
        'promised' as sample,
        {{ histogram_bin('probability') }} as bin
    from promised
),

histograms as (
    select
        task as subject,
        'probability' as feature,
        sample,
        bin,
        count(*) as row_count
    from scored
    group by
        task,
        sample,
        bin
),

{{ compare_histograms() }},

measured as (
    {%- for check, statistic in {'score_psi': 'stability_index', 'score_ks': 'largest_distance'}.items() %}
    select
        '{{ check }}' as check_name,
        'task' as subject_type,
        compared.subject,
        newest.as_of_date as observed_date,
        nullif(compared.known_now, 0) as known_now,
        nullif(compared.known_before, 0) as known_before,
        compared.part_count,
        compared.{{ statistic }} as value
    from compared
    inner join newest on compared.subject = newest.task
    where compared.is_newest
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
),

rated as (
    {{ with_thresholds('measured') }}
),

checked as (
    select
        rated.*,
        cast(null as double) as expected_low,
        case check_name
            when 'score_psi' then {{ psi_noise_floor('known_now', 'known_before', 'part_count', 'z') }}
            else {{ ks_noise_floor('known_now', 'known_before', 'chance') }}
        end as expected_high,
        value as effect,
        coalesce(
            'The distance from the scores of the evaluation rows is ' || {{ as_text('value', 3) }} || '.',
            {{ entities_in_words('coalesce(known_now, 0)', 'subject') }} || '. The evaluation of the model has no scores.'
        ) as finding,
        'Check which features drift, and count the customers of a campaign again before you send it.' as to_do
    from rated
),

final as (
    {{ monitoring_rows('checked') }}
)

select * from final
