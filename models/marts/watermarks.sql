with counted as (
    {%- for table in raw_contract_tables() %}
    select
        source_name,
        '{{ table }}' as table_name,
        count(*) as row_count,
        {{ 'max(' ~ event_time(table) ~ ')' if event_time(table) else 'cast(null as timestamp)' }} as newest_event_at,
        max(known_at) as newest_known_at
    from {{ ref('int_' ~ table ~ '_unioned') }}
    where source_name in ({{ sources_on() }})
    group by source_name
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

expected as (
    {{ expected_tables() }}
),

final as (
    select
        expected.source_name,
        expected.table_name,
        coalesce(counted.row_count, 0) as row_count,
        counted.newest_event_at,
        counted.newest_known_at,
        coalesce(
            expected.stated_until,
            cast({{ dbt.dateadd('day', 1, 'cast(counted.newest_known_at as date)') }} as date)
        ) as complete_until,
        case when expected.stated_until is not null then 'stated' else 'newest arrival' end as rule,
        expected.may_lag
    from expected
    left join counted
        on
            expected.source_name = counted.source_name
            and expected.table_name = counted.table_name
)

select * from final
