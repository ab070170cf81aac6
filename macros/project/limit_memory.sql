{% macro limit_memory() -%}
    {{ return(adapter.dispatch('limit_memory', 'numerosity')()) }}
{%- endmacro %}

{% macro default__limit_memory() -%}{%- endmacro %}

{% macro duckdb__limit_memory() -%}
    {%- if execute and var('memory_limit') -%}
        {%- do run_query("set memory_limit = '" ~ var('memory_limit') ~ "'") -%}
    {%- endif -%}
{%- endmacro %}
