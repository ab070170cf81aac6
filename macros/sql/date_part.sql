{# A part of a timestamp as a whole number: month, day, hour. #}
{% macro date_part(part, column) -%}
    extract({{ part }} from {{ column }})
{%- endmacro %}
