{% macro is_missing(column) -%}
    ({{ column }} is null or isnan({{ column }}))
{%- endmacro %}
