{% macro union_sources(table) -%}
    {%- set columns, kinds = canonical_columns(table), canonical_kinds(table) -%}
    {%- set source_names = [] -%}
    {%- for source_name, entry in var('source_catalog').items() if table in entry['fills'] -%}
        {%- do source_names.append(source_name) -%}
    {%- endfor -%}
    {%- for source_name in source_names %}
    select
        '{{ source_name }}' as source_name
        {%- for column, type in columns.items() %},
        cast({{ read_value(column, kinds[column]) if kinds[column] in ['id', 'category'] else column }} as {{ type }}) as {{ column }}
        {%- endfor %}
    from {{ ref('stg_' ~ source_name ~ '__' ~ table) }}
    {%- if table in var('source_catalog')[source_name]['files'] %}
    where quarantine_reason is null
    {%- endif %}
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- else %}
    {%- set typed = {'source_name': 'string'} -%}
    {%- do typed.update(columns) -%}
    {{ empty_relation(typed) }}
    {%- endfor %}
{%- endmacro %}
