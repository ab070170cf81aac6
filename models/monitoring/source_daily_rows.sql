{%- set tables = {} -%}
{%- for table in raw_contract_tables() if event_time(table) -%}{%- do tables.update({table: event_time(table)}) -%}{%- endfor -%}

with counted as (
    {%- for table, event_at in tables.items() %}
    {%- set outer_last = loop.last %}
    {%- for clock, moment in {'arrival': 'known_at', 'event': event_at}.items() %}
    select
        source_name,
        '{{ table }}' as table_name,
        '{{ clock }}' as clock,
        cast({{ moment }} as date) as row_date,
        count(*) as row_count
    from {{ ref('int_' ~ table ~ '_unioned') }}
    where source_name in ({{ sources_on() }}) and {{ moment }} is not null
    group by
        source_name,
        cast({{ moment }} as date)
    {%- if not (outer_last and loop.last) %}
    union all
    {%- endif %}
    {%- endfor %}
    {%- endfor %}
),

final as (
    select
        source_name,
        table_name,
        clock,
        row_date,
        row_count
    from counted
)

select * from final
