{% macro decimal_comma_as_point(text) -%}
    {%- set number = '^ *[+-]?([0-9]{1,3}([.][0-9]{3})+|[0-9]+)(,[0-9]+)? *$' -%}
    case when {{ matches_pattern(text, number) }} then replace(replace({{ text }}, '.', ''), ',', '.') else {{ text }} end
{%- endmacro %}
