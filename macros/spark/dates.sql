{# dbt-spark's own macros convert to seconds since 1970 in a time zone, and test each row for null. #}
{% macro spark__dateadd(datepart, interval, from_date_or_timestamp) -%}
    {%- set intervals = {'day': 'make_dt_interval(cast(' ~ interval ~ ' as int))', 'month': 'make_ym_interval(0, cast(' ~ interval ~ ' as int))'} -%}
    {%- if datepart not in intervals -%}
        {%- do exceptions.raise_compiler_error("dateadd on Spark knows days and months, not '" ~ datepart ~ "': macros/spark/dates.sql") -%}
    {%- endif -%}
    cast({{ from_date_or_timestamp }} as timestamp) + {{ intervals[datepart] }}
{%- endmacro %}

{% macro spark__datediff(first_date, second_date, datepart) -%}
    {%- if datepart != 'day' -%}
        {%- do exceptions.raise_compiler_error("datediff on Spark knows days, not '" ~ datepart ~ "': macros/spark/dates.sql") -%}
    {%- endif -%}
    datediff({{ second_date }}, {{ first_date }})
{%- endmacro %}
