{% macro as_feature(expression) -%}
    cast({{ expression }} as {{ dbt.type_float() }})
{%- endmacro %}

{% macro count_within(days, condition='true') -%}
    count(case when days_ago <= {{ days }} and {{ condition }} then 1 end)
{%- endmacro %}

{% macro sum_within(days, column, condition='true') -%}
    coalesce(sum(case when days_ago <= {{ days }} and {{ condition }} then {{ column }} end), 0)
{%- endmacro %}

{# Sums are decimal, so the order of the rows cannot change the mean. #}
{% macro mean_within(days, column) -%}
    {{ ratio(
        'sum(case when days_ago <= ' ~ days ~ ' then ' ~ column ~ ' end)',
        'count(case when days_ago <= ' ~ days ~ ' then ' ~ column ~ ' end)'
    ) }}
{%- endmacro %}

{% macro column_of_group(column) -%}
    {%- set group = 'labels' if column.meta.role == 'label' else column.meta.get('group') -%}
    {%- if not group -%}
        {%- do exceptions.raise_compiler_error(
            "feature " ~ column.name ~ " has no group in its YAML: name the group whose model has the column, docs/add-a-feature.md"
        ) -%}
    {%- endif -%}
    {%- set value = group ~ '.' ~ column.name -%}
    {{ 'coalesce(' ~ value ~ ', ' ~ column.meta.missing ~ ') as ' ~ column.name if 'missing' in column.meta else value }}
{%- endmacro %}
