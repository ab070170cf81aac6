{# Paths that match a glob pattern, sorted. #}
{% macro list_files(pattern) -%}
    {{ return(adapter.dispatch('list_files', 'numerosity')(pattern)) }}
{%- endmacro %}

{% macro duckdb__list_files(pattern) -%}
    {%- set found = run_query("select file from glob('" ~ pattern | replace("'", "''") ~ "') order by file") -%}
    {{ return(found.columns[0].values() | list) }}
{%- endmacro %}
