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
    A feature of customer_features (a column of columns_with_role) as a column: its `group` names the relation that has it, and
    `missing` is its value where that has none; without `missing` it stays null.
#}
{% macro feature_of_group(feature) -%}
    {%- set group = feature.meta.get('group') -%}
    {%- if not group -%}
        {%- do exceptions.raise_compiler_error(
            "feature " ~ feature.name ~ " has no group in its YAML: name the part of customer_features that has the column"
        ) -%}
    {%- endif -%}
    {%- set value = group ~ '.' ~ feature.name -%}
    {{ 'coalesce(' ~ value ~ ', ' ~ feature.meta.missing ~ ') as ' ~ feature.name if 'missing' in feature.meta else value }}
{%- endmacro %}
