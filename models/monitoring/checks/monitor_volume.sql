with daily as (
    select
        source_name || '.' || table_name as source_table,
        row_date,
        row_count,
        {{ dbt.datediff('row_date', run_as_of_date(), 'day') }} as days_ago
    from {{ ref('source_daily_rows') }}
    where clock = 'arrival' and row_date < {{ run_as_of_date() }}
),

-- The same weekday and the same seven days of up to 26 weeks before.
weekly as (
    select
        source_table,
        floor((days_ago - 1) / 7) as weeks_ago,
        sum(row_count) as rows_of_week,
        sum(case when mod(days_ago - 1, 7) = 0 then row_count else 0 end) as rows_of_day
    from daily
    where days_ago <= 27 * 7
    group by
        source_table,
        floor((days_ago - 1) / 7)
),

weeks as (
    select generated_number - 1 as weeks_ago
    from ({{ dbt.generate_series(27) }}) as numbers
),

source_tables as (
    select
        source_table,
        max(days_ago) as first_days_ago
    from daily
    group by source_table
),

counted as (
    select
        source_tables.source_table,
        source_tables.first_days_ago,
        weeks.weeks_ago,
        coalesce(weekly.rows_of_week, 0) as rows_of_week,
        coalesce(weekly.rows_of_day, 0) as rows_of_day
    from source_tables
    left join weeks on (weeks.weeks_ago + 1) * 7 <= source_tables.first_days_ago
    left join weekly
        on
            source_tables.source_table = weekly.source_table
            and weeks.weeks_ago = weekly.weeks_ago
),

-- The square root of a count has the same variance for every size: 1/4 when rows arrive independently (F. J. Anscombe, 1948).
measured as (
    {%- for period, words in {'day': 'the last day', 'week': 'the last 7 days'}.items() %}
    select
        'volume' as check_name,
        'source' as subject_type,
        source_table || ', {{ words }}' as subject,
        max(case when weeks_ago = 0 then rows_of_{{ period }} end) as value,
        count(case when weeks_ago > 0 then 1 end) as weeks_before,
        avg(case when weeks_ago > 0 then sqrt(rows_of_{{ period }} + 0.375) end) as mean_root,
        max(first_days_ago) as first_days_ago,
        greatest(0.25, coalesce(var_samp(case when weeks_ago > 0 then sqrt(rows_of_{{ period }} + 0.375) end), 0)) as variance_of_root
    from counted
    group by source_table
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
),

rated as (
    {{ with_thresholds('measured') }}
),

banded as (
    select
        rated.*,
        case
            when weeks_before >= 8
                then {{ student_t_quantile('z', '(weeks_before - 1e0)') }} * sqrt(variance_of_root * (1 + 1e0 / weeks_before))
        end as reach
    from rated
),

checked as (
    select
        banded.*,
        {{ dbt.dateadd('day', -1, run_as_of_date()) }} as observed_date,
        power(greatest(0, mean_root - reach), 2) - 0.375 as expected_low,
        power(mean_root + reach, 2) - 0.375 as expected_high,
        abs(value - mean_root * mean_root) / greatest(1, mean_root * mean_root) as effect,
        case
            when reach is null then {{ as_text('first_days_ago') }} || ' days of deliveries; a comparison needs 63.'
            else
                {{ as_text('value') }} || ' rows arrived; ' || {{ as_text('greatest(0, power(greatest(0, mean_root - reach), 2))') }}
                || ' to ' || {{ as_text('power(mean_root + reach, 2)') }} || ' are usual.'
        end as finding,
        case
            when value < mean_root * mean_root then 'Look for missing files or partitions before you score.'
            else 'Look for rows that were delivered twice.'
        end as to_do
    from banded
),

final as (
    {{ monitoring_rows('checked') }}
)

select * from final
