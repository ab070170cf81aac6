{# Text with every run of white space as one space and none at the ends; empty text is null. #}
{% macro single_spaces(column) -%}
    {{ return(adapter.dispatch('single_spaces', 'numerosity')(column)) }}
{%- endmacro %}

{% macro default__single_spaces(column) -%}
    {{ clean_text("regexp_replace(" ~ column ~ ", '[[:space:]]+', ' ')") }}
{%- endmacro %}

{% macro duckdb__single_spaces(column) -%}
    {{ clean_text("regexp_replace(" ~ column ~ ", '[[:space:]]+', ' ', 'g')") }}
{%- endmacro %}

{% macro spark__single_spaces(column) -%}
    {{ clean_text("regexp_replace(" ~ column ~ ", '[\\\\p{Space}]+', ' ')") }}
{%- endmacro %}
