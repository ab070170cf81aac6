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
