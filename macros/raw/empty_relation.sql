{# A select with the given columns and no rows: what an absent source or table looks like downstream. #}
{% macro empty_relation(columns) -%}
    select
        {%- for column, type in columns.items() %}
        cast(null as {{ type }}) as {{ column }}{{ ',' if not loop.last }}
        {%- endfor %}
    from (select 1 as one) as nothing
    where one = 0
{%- endmacro %}
