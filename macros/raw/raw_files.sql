{% macro raw_files(source_name, patterns) -%}
    {%- set folder = env_var('NUMEROSITY_RAW', 'data/raw') ~ '/' ~ source_name -%}
    {%- for pattern in patterns -%}
        {%- set paths = list_files(folder ~ '/' ~ pattern) -%}
        {%- if paths | length > 0 -%}{{ return(paths) }}{%- endif -%}
    {%- endfor -%}
    {%- do exceptions.warn("no raw file " ~ folder ~ "/" ~ patterns | join(' or ') ~ ": read as an empty table") -%}
    {{ return([]) }}
{%- endmacro %}

{% macro canonical_files(table) -%}
    {{ return([table ~ '.parquet', table ~ '.csv', table ~ '/*.parquet', table ~ '/*.csv']) }}
{%- endmacro %}

{% macro canonical_headers(table) -%}
    {%- set names = canonical_columns(table) | list -%}
    {{ return(dict(zip(names, names))) }}
{%- endmacro %}
