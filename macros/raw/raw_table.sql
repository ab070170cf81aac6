{#
    A row about an erased customer keeps only `raw_hash` and `is_erased` (macros/raw/erased_rows.sql). So it is counted, but not
    read.
#}
{% macro raw_table(source_name, files, columns) -%}
    {%- set paths = raw_files(source_name, files) if execute and source_name in var('sources') else [] -%}
    {%- if paths | length == 0 -%}
        {%- set typed = {} -%}
        {%- for name in columns -%}{%- do typed.update({name: 'string'}) -%}{%- endfor -%}
        {%- do typed.update({'raw_hash': type_row_hash(), 'is_erased': 'boolean'}) -%}
    {{ empty_relation(typed) }}
    {%- else -%}
        {%- for path in empty_files(paths) -%}
            {%- do exceptions.raise_compiler_error(
                "raw file " ~ path ~ " is empty (0 bytes): export it again with its header line, or remove it"
            ) -%}
        {%- endfor -%}
        {%- set headers = raw_headers(paths) -%}
        {%- if headers | length < columns | length and headers | length == 1 -%}
            {%- do exceptions.raise_compiler_error(
                "raw file " ~ paths[0] ~ " cannot be read as a table, every line is one value ('" ~ headers[0]
                ~ "'): look for a line with more or fewer fields than its header, or an unclosed quote"
            ) -%}
        {%- endif -%}
        {%- set found = quoted_headers(headers) -%}
        {%- set expressions = [] -%}
        {%- for header in columns.values() -%}
            {%- if header | lower not in found -%}
                {%- do exceptions.raise_compiler_error(
                    "raw file " ~ paths[0] ~ " has no column '" ~ header ~ "' (it has: " ~ headers | join(', ')
                    ~ "): rename it in the file, or in models/staging/" ~ source_name
                ) -%}
            {%- endif -%}
            {%- do expressions.append(found[header | lower]) -%}
        {%- endfor -%}
        {%- set erased = is_erased(source_name, model.name.split('__') | last, found) | trim -%}
    select
        {%- for name in columns %}
        {{ 'case when not is_erased then ' ~ expressions[loop.index0] ~ ' end' if erased else expressions[loop.index0] }} as {{ name }},
        {%- endfor %}
        {{ row_hash(expressions) }} as raw_hash,
        {{ 'is_erased' if erased else 'false as is_erased' }}
    {%- if erased %}
    from (select *, coalesce({{ erased }}, false) as is_erased from {{ read_raw(paths) }}) as raw_rows
    {%- else %}
    from {{ read_raw(paths) }}
    {%- endif %}
    {%- endif -%}
{%- endmacro %}

{% macro raw_tables() -%}
    {%- set found = [] -%}
    {%- for source_name, entry in var('source_catalog').items() -%}
        {%- for table in entry['files'] -%}{%- do found.append([source_name, table]) -%}{%- endfor -%}
    {%- endfor -%}
    {{ return(found) }}
{%- endmacro %}
