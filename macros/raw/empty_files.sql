{% macro empty_files(paths) -%}
    {{ return(adapter.dispatch('empty_files', 'numerosity')(paths)) }}
{%- endmacro %}

{% macro duckdb__empty_files(paths) -%}
    {%- set quoted = [] -%}
    {%- for path in paths -%}{%- do quoted.append("'" ~ path | replace("'", "''") ~ "'") -%}{%- endfor -%}
    {%- set found = run_query('select filename from read_blob([' ~ quoted | join(', ') ~ ']) where size = 0 order by filename') -%}
    {{ return(found.columns[0].values() | list) }}
{%- endmacro %}

{% macro spark__empty_files(paths) -%}
    {%- set found = [] -%}
    {%- for path in paths -%}
        {%- set size = run_query("select length from binaryFile.`" ~ path ~ "`").columns[0].values() | first -%}
        {%- if size == 0 -%}{%- do found.append(path) -%}{%- endif -%}
    {%- endfor -%}
    {{ return(found) }}
{%- endmacro %}
