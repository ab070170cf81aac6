{# A feature: a number every model and every graph takes as 32-bit float. #}
{% macro as_feature(expression) -%}
    cast({{ expression }} as {{ dbt.type_float() }})
{%- endmacro %}

{# A quotient, null where there is nothing to divide by. #}
{% macro ratio(numerator, denominator) -%}
    cast({{ numerator }} as double) / nullif(cast({{ denominator }} as double), 0)
{%- endmacro %}

{# Rows of the last so many days; with a condition, those that meet it. `days_ago` comes from days_before(). #}
{% macro count_within(days, condition='true') -%}
    count(case when days_ago <= {{ days }} and {{ condition }} then 1 end)
{%- endmacro %}

{# A sum over the last so many days, 0 where there is nothing. #}
{% macro sum_within(days, column, condition='true') -%}
    coalesce(sum(case when days_ago <= {{ days }} and {{ condition }} then {{ column }} end), 0)
{%- endmacro %}

{# A mean over the last so many days, null where there is nothing. Sums are decimal, so the order of rows cannot matter. #}
{% macro mean_within(days, column) -%}
    {{ ratio(
        'sum(case when days_ago <= ' ~ days ~ ' then ' ~ column ~ ' end)',
        'count(case when days_ago <= ' ~ days ~ ' then ' ~ column ~ ' end)'
    ) }}
{%- endmacro %}

{#
    A feature or label of customer_features, as columns_with_role gives it. Of a feature, `group` names the relation that has it, and
    `missing` is its value where that has none; without `missing` it stays null. Labels are in the relation `labels`.
#}
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
