{% macro date_part(part, column) -%}
    extract({{ part }} from {{ column }})
{%- endmacro %}
