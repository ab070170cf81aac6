{% macro raw_table(source_name, files, columns) -%}
    {%- set parts = landed_parts(source_name, files) if execute and source_name in var('sources') else [] -%}
    {%- if not parts -%}
        {%- set typed = {} -%}
        {%- for name in columns -%}{%- do typed.update({name: 'string'}) -%}{%- endfor -%}
        {%- do typed.update({
            'raw_hash': type_row_hash(), 'is_erased': 'boolean', 'raw_file': 'string', 'raw_record': 'bigint',
            'ragged_text': 'string', 'raw_text': 'string',
        }) -%}
    {{ empty_relation(typed) }}
    {%- else -%}
    {%- set types = raw_types(source_name, parts, columns) -%}
    {%- set groups = {} -%}
    {%- for part in parts -%}
        {%- do groups.setdefault(part['columns'] | string ~ part['decimal_comma'], []).append(part) -%}
    {%- endfor -%}
    select
        {%- for name in columns %}
        {{ name }},
        {%- endfor %}
        {{ row_hash(columns | list + ['ragged_text']) }} as raw_hash,
        is_erased,
        raw_file,
        raw_record,
        ragged_text,
        raw_text
    from (
        {%- for group in groups.values() %}
        {{ raw_part(group, columns, types) }}
        {{ 'union all' if not loop.last }}
        {%- endfor %}
    ) as raw_rows
    {%- endif -%}
{%- endmacro %}

{% macro raw_part(parts, columns, types) -%}
    {%- set found = headers_by_name(parts[0]) -%}
    {%- set texts = [] -%}
    select
        {%- for name, header in columns.items() %}
        {%- set value = raw_value(parts[0], found, header) %}
        {%- do texts.append("'" ~ name ~ "=' || coalesce(" ~ value_as_text(value) ~ ", '')") %}
        {{ raw_column(parts[0], value, types[name]) }} as {{ name }},
        {%- endfor %}
        _erased as is_erased,
        _file as raw_file,
        _record as raw_record,
        _ragged as ragged_text,
        coalesce(_ragged, {{ texts | join(" || '; ' || ") }}) as raw_text
    from {{ parquet_files(parts | map(attribute='landed_path') | list) }} as landed
{%- endmacro %}

{% macro headers_by_name(part) -%}
    {%- set found = {} -%}
    {%- for header in part['columns'] -%}{%- do found.update({header | trim | lower: header}) -%}{%- endfor -%}
    {{ return(found) }}
{%- endmacro %}

{% macro raw_value(part, found, header) -%}
    {%- set name = header | trim | lower -%}
    {%- if name not in found -%}{{ return({'sql': 'cast(null as string)', 'type': 'string', 'header': none}) }}{%- endif -%}
    {%- set first = {'sql': adapter.quote(found[name]), 'type': part['columns'][found[name]], 'header': found[name]} -%}
    {%- set texts = [value_or_null(first)] -%}
    {%- for other, written in found.items() if other.startswith(name ~ '__v_') -%}
        {%- do texts.append(value_or_null({'sql': adapter.quote(written), 'type': part['columns'][written]})) -%}
    {%- endfor -%}
    {%- if texts | length == 1 -%}{{ return(first) }}{%- endif -%}
    {{ return({'sql': 'coalesce(' ~ texts | join(', ') ~ ')', 'type': 'string', 'header': found[name]}) }}
{%- endmacro %}

{% macro value_or_null(value) -%}
    {{ return(given_text(value_as_text(value))) }}
{%- endmacro %}

{% macro value_as_text(value) -%}
    {%- if value['type'] in ['float', 'double'] -%}
        {{ return(double_as_text(value['sql'])) }}
    {%- endif -%}
    {{ return(value['sql'] if value['type'] == 'string' else 'cast(' ~ value['sql'] ~ ' as string)') }}
{%- endmacro %}

{% macro raw_column(part, value, type) -%}
    {%- if value['type'] == 'string' -%}
        {%- set text = decimal_comma_as_point(value['sql']) if value['header'] in part['decimal_comma'] else value['sql'] -%}
        {{ given_text(text) }}
    {%- else -%}
        {{ value_as_text(value) if type == 'string' else value['sql'] }}
    {%- endif -%}
{%- endmacro %}

{% macro raw_types(source_name, parts, columns) -%}
    {%- set types = {} -%}
    {%- for name, header in columns.items() -%}
        {%- set found, without = [], [] -%}
        {%- for part in parts -%}
            {%- set headers = headers_by_name(part) -%}
            {%- set value = raw_value(part, headers, header) -%}
            {%- if value['header'] is none -%}{%- do without.append(part) -%}{%- else -%}{%- do found.append(value['type']) -%}{%- endif -%}
            {%- set variants = [] -%}
            {%- for other in headers if other.startswith(header | trim | lower ~ '__v_') -%}{%- do variants.append(other) -%}{%- endfor -%}
            {%- if variants and value['header'] is not none -%}
                {%- do exceptions.warn(
                    "raw file " ~ source_name ~ "/" ~ part['path'] ~ " has '" ~ header ~ "' in several columns of dlt (" ~ variants | join(', ')
                    ~ " too): they are read as one column of text"
                ) -%}
            {%- endif -%}
        {%- endfor -%}
        {%- if not found -%}
            {%- do exceptions.raise_compiler_error(
                "raw file " ~ raw_folder() ~ "/" ~ source_name ~ "/" ~ parts[0]['path'] ~ " has no column '" ~ header ~ "' (it has: "
                ~ parts[0]['columns'] | join(', ') ~ "): rename it in the file, or in models/staging/" ~ source_name
            ) -%}
        {%- endif -%}
        {%- for part in without -%}
            {%- do exceptions.warn(
                "raw file " ~ raw_folder() ~ "/" ~ source_name ~ "/" ~ part['path'] ~ " has no column '" ~ header
                ~ "', which others of the table have: it is read as empty"
            ) -%}
        {%- endfor -%}
        {%- do types.update({name: found[0] if found | unique | list | length == 1 else 'string'}) -%}
    {%- endfor -%}
    {{ return(types) }}
{%- endmacro %}

{% macro raw_tables() -%}
    {%- set found = [] -%}
    {%- for source_name, entry in var('source_catalog').items() -%}
        {%- for table in entry['files'] -%}{%- do found.append([source_name, table]) -%}{%- endfor -%}
    {%- endfor -%}
    {{ return(found) }}
{%- endmacro %}
