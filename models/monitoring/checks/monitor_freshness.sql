{#- With fewer days the longest wait is not known. #}
{%- set days_needed, least_limit = 10, 7 %}
{%- set limit = "greatest(case when rated.days < " ~ days_needed ~ " then " ~ least_limit
    ~ " else rated.usual_wait end, ceil(-ln(rated.chance) / rated.rows_a_day))" %}

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
        source_name,
        table_name,
        max(row_date) as observed_date,
        count(*) as days,
        max(case when wait_rank = 2 then wait_days end) as usual_wait,
        sum(row_count) / cast({{ dbt.datediff('min(row_date)', 'max(row_date)', 'day') }} + 1 as double) as rows_a_day,
        {{ dbt.datediff('max(row_date)', run_as_of_date(), 'day') }} as value
    from ranked
    group by
        clock,
        source_name,
        table_name
),

rated as (
    {{ with_thresholds('measured') }}
),

watermarks as (
    select * from {{ ref('watermarks') }}
),

-- Customers change rarely: with few days of changes no wait is too long.
limited as (
    select
        rated.*,
        case
            when watermarks.may_lag then 'the source may lag (source_catalog)'
            when watermarks.rule = 'stated' and watermarks.complete_until >= {{ run_as_of_date() }}
                then 'the table is stated to be complete (source_catalog)'
            when rated.days < {{ days_needed }} and rated.table_name = 'customers'
                then 'a limit needs {{ days_needed }} days with rows, and there are ' || {{ as_text('rated.days') }}
        end as why_no_limit,
        {{ limit }} as limit_days
    from rated
    inner join watermarks
        on
            rated.source_name = watermarks.source_name
            and rated.table_name = watermarks.table_name
),

checked as (
    select
        limited.*,
        cast(null as double) as expected_low,
        case when why_no_limit is null then limit_days end as expected_high,
        value / limit_days as effect,
        'The newest row is of ' || {{ date_as_text('observed_date') }} || ', ' || {{ as_text('value') }} || ' days ago; '
        || coalesce(why_no_limit, 'the usual limit is ' || {{ as_text('limit_days') }} || ' days') || '.' as finding,
        'Ask the owner of the source before you score. Features of later dates lack its rows, and labels stay null.' as to_do
    from limited
),

final as (
    {{ monitoring_rows('checked') }}
)

select * from final
