{# A number with a decimal comma as one with a point: 3,50 is 3.50, 1.234,50 is 1234.50; other text stays as it is. #}
{% macro decimal_comma_as_point(text) -%}
    {%- set number = '^ *[+-]?([0-9]{1,3}([.][0-9]{3})+|[0-9]+)(,[0-9]+)? *$' -%}
    case when {{ matches_pattern(text, number) }} then replace(replace({{ text }}, '.', ''), ',', '.') else {{ text }} end
{%- endmacro %}

{# Whether a pattern is found in a text. #}
{% macro matches_pattern(text, pattern) -%}
    {{ return(adapter.dispatch('matches_pattern', 'numerosity')(text, pattern)) }}
{%- endmacro %}

{% macro duckdb__matches_pattern(text, pattern) -%}
    regexp_matches({{ text }}, '{{ pattern }}')
{%- endmacro %}

{% macro spark__matches_pattern(text, pattern) -%}
    {{ text }} rlike '{{ pattern }}'
{%- endmacro %}
