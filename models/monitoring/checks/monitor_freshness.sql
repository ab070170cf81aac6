with daily as (
    select *
    from {{ ref('source_daily_rows') }}
    where row_date < {{ run_as_of_date() }}
),

waits as (
    select
        daily.*,
        {{ dbt.datediff('lag(row_date) over (partition by source_name, table_name, clock order by row_date)', 'row_date', 'day') }}
            as wait_days
    from daily
),

-- The second longest wait of a year, so that a single failure does not set the limit.
ranked as (
    select
        waits.*,
        row_number() over (
            partition by source_name, table_name, clock
            order by
                case when row_date >= {{ dbt.dateadd('day', -365, run_as_of_date()) }} then coalesce(wait_days, 0) else 0 end desc,
                row_date desc
        ) as wait_rank
    from waits
),

measured as (
    select
        clock || '_freshness' as check_name,
        'source' as subject_type,
        source_name || '.' || table_name as subject,
        max(row_date) as observed_date,
        count(*) as days,
        max(case when wait_rank = 2 then wait_days end) as usual_wait,
        sum(row_count) / cast({{ dbt.datediff('min(row_date)', 'max(row_date)', 'day') }} + 1 as double) as rows_a_day,
        {{ dbt.datediff('max(row_date)', run_as_of_date(), 'day') }} as value
    from ranked
    group by
        clock || '_freshness',
        source_name || '.' || table_name
),

rated as (
    {{ with_thresholds('measured') }}
),

checked as (
    select
        rated.*,
        cast(null as double) as expected_low,
        case when days >= 10 then greatest(usual_wait, ceil(-ln(chance) / rows_a_day)) end as expected_high,
        value / greatest(usual_wait, ceil(-ln(chance) / rows_a_day)) as effect,
        'The newest row is of ' || {{ date_as_text('observed_date') }} || ', ' || {{ as_text('value') }} || ' days ago; '
        || case
            when days < 10 then 'a limit needs 10 days with rows, and there are ' || {{ as_text('days') }}
            else 'the usual limit is ' || {{ as_text('greatest(usual_wait, ceil(-ln(chance) / rows_a_day))') }} || ' days'
        end || '.' as finding,
        'Ask the owner of the source before you score; the features are older than their as-of date.' as to_do
    from rated
),

final as (
    {{ monitoring_rows('checked') }}
)

select * from final
