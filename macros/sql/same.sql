{% macro same(one, other, columns) -%}
    {%- for column in columns -%}
        {{ 'and ' if not loop.first }}{{ one }}.{{ column }} = {{ other }}.{{ column }}{{ '\n            ' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}
