{# Whether a feature has no value: null, or not a number. #}
{% macro is_missing(column) -%}
    ({{ column }} is null or isnan({{ column }}))
{%- endmacro %}
