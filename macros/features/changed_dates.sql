{# The first midnight at which a row is known. #}
{% macro known_from(known_at) -%}
    case
            when {{ known_at }} = cast(cast({{ known_at }} as date) as timestamp) then cast({{ known_at }} as date)
            else cast({{ dbt.dateadd('day', 1, 'cast(' ~ known_at ~ ' as date)') }} as date)
        end
{%- endmacro %}

{% macro rows_behind_dates(rows_by_arrival, watermarks) -%}
    select
        dates.as_of_date,
        coalesce(sum(arrived.row_count), 0) as row_count,
        coalesce(sum(arrived.hash_sum), 0) as hash_sum
    from (
        select distinct
            as_of_date,
            as_of_date as known_until,
            0 as horizon_days
        from {{ ref('int_as_of_dates_scheduled') }}
        where source_name in ({{ sources_on() }})
        {%- for days in label_horizons() %}
        union all
        select distinct
            as_of_date,
            cast({{ dbt.dateadd('day', days + var('label_grace_days'), 'as_of_date') }} as date) as known_until,
            {{ days }} as horizon_days
        from {{ ref('int_as_of_dates_scheduled') }}
        where source_name in ({{ sources_on() }}) and {{ has_matured('as_of_date', days + var('label_grace_days'), 'orders', watermarks) }}
        {%- endfor %}
    ) as dates
    left join {{ rows_by_arrival }} as arrived
        on
            arrived.known_from <= dates.known_until
            and (dates.horizon_days = 0 or arrived.table_name = 'orders')
    group by dates.as_of_date
{%- endmacro %}

{#
    The tables are named without ref(): int_dates_built is built after the features, from the dates that this finds. The schedule
    depends on the two others, so they are of this run.
#}
{% macro changed_dates() -%}
    {%- set schedule = ref('int_as_of_dates_scheduled') -%}
    {%- set built = adapter.get_relation(schedule.database, schedule.schema, 'int_dates_built') -%}
    {%- set arrived = adapter.get_relation(schedule.database, schedule.schema, 'int_rows_by_arrival') -%}
    {%- set watermarks = adapter.get_relation(schedule.database, generate_schema_name('marts', none), 'watermarks') -%}
    {%- if built and arrived and watermarks -%}
    select now.as_of_date
    from (
        {{ rows_behind_dates(arrived, watermarks) }}
    ) as now
    inner join {{ built }} as built on now.as_of_date = built.as_of_date
    where now.row_count <> built.row_count or now.hash_sum <> built.hash_sum
    {%- endif -%}
{%- endmacro %}
