{% macro delivered_files() -%}
    {%- set columns = {
        'source_name': 'string', 'path': 'string', 'is_present': 'boolean', 'columns': 'string', 'size_bytes': 'bigint', 'sha256': 'string',
        'format': 'string', 'dialect': 'string', 'counted_records': 'bigint', 'landed_records': 'bigint', 'ragged_records': 'bigint',
        'blank_lines': 'bigint', 'header_lines': 'bigint', 'erased_records': 'bigint', 'first_seen_at': 'string', 'landed_at': 'string',
        'problem': 'string',
    } -%}
    {%- set indexes = [] -%}
    {%- if execute -%}
        {%- for source_name in var('sources') if not indexes -%}{%- do indexes.append(landing_index(source_name)) -%}{%- endfor -%}
    {%- endif -%}
    {%- if indexes -%}
    select
        {{ columns | join(',\n        ') }}
    from {{ parquet_files(indexes) }}
    where part = 1 and source_name in ({{ sources_on() }})
    {%- else -%}
    {{ empty_relation(columns) }}
    {%- endif -%}
{%- endmacro %}
