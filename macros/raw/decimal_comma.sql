{% macro decimal_comma_as_point(text) -%}
    {%- set number = '^ *[+-]?([0-9]{1,3}([.][0-9]{3})+|[0-9]+)(,[0-9]+)? *$' -%}
    case when {{ matches_pattern(text, number) }} then replace(replace({{ text }}, '.', ''), ',', '.') else {{ text }} end
{%- endmacro %}

{% macro matches_pattern(text, pattern) -%}
    {{ return(adapter.dispatch('matches_pattern', 'numerosity')(text, pattern)) }}
{%- endmacro %}

{% macro duckdb__matches_pattern(text, pattern) -%}
    regexp_matches({{ text }}, '{{ pattern }}')
{%- endmacro %}

{% macro spark__matches_pattern(text, pattern) -%}
    {{ text }} rlike '{{ pattern }}'
{%- endmacro %}
