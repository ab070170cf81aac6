{# The files of a source that match the first pattern that matches any; none is an empty list and a warning. #}
{% macro raw_files(source_name, patterns) -%}
    {%- set folder = env_var('NUMEROSITY_RAW', 'data/raw') ~ '/' ~ source_name -%}
    {%- for pattern in patterns -%}
        {%- set paths = list_files(folder ~ '/' ~ pattern) -%}
        {%- if paths | length > 0 -%}{{ return(paths) }}{%- endif -%}
    {%- endfor -%}
    {%- do exceptions.warn("no raw file " ~ folder ~ "/" ~ patterns | join(' or ') ~ ": read as an empty table") -%}
    {{ return([]) }}
{%- endmacro %}

{# The files of a canonical table, in the order they are looked for. #}
{% macro canonical_files(table) -%}
    {{ return([table ~ '.parquet', table ~ '.csv', table ~ '/*.parquet', table ~ '/*.csv']) }}
{%- endmacro %}

{# The columns of such a file, as raw_table() asks for them: each by its own name. #}
{% macro canonical_headers(table) -%}
    {%- set names = canonical_columns(table) | list -%}
    {{ return(dict(zip(names, names))) }}
{%- endmacro %}
