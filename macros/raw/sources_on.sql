{% macro sources_on() -%}
    '{{ var('sources') | join("', '") }}'
{%- endmacro %}
