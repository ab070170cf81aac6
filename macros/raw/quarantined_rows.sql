{% macro quarantined_rows(source_name, table) -%}
    {%- set raw = ref('raw_' ~ source_name ~ '__' ~ table) -%}
    {%- set staged = ref('stg_' ~ source_name ~ '__' ~ table) -%}
    {%- set columns = adapter.get_columns_in_relation(raw) | rejectattr('name', 'in', ['raw_hash', 'is_erased']) | list if execute else [] -%}
    select
        '{{ source_name }}' as source_name,
        '{{ table }}' as table_name,
        staged.quarantine_reason,
        raw_rows.raw_text,
        staged.raw_hash,
        staged.raw_copies
    from {{ staged }} as staged
    inner join (
        select distinct
            raw_hash,
            {{ raw_text('raw_rows', columns) }} as raw_text
        from {{ raw }} as raw_rows
        where raw_hash in (select raw_hash from {{ staged }} where quarantine_reason is not null)
    ) as raw_rows on staged.raw_hash = raw_rows.raw_hash
    where staged.quarantine_reason is not null
{%- endmacro %}

{% macro raw_text(alias, columns) -%}
    {%- set parts = [] -%}
    {%- for column in columns -%}
        {%- set value = alias ~ '.' ~ column.name -%}
        {%- set text = double_as_text(value) if column.dtype | lower in ['float', 'double'] else 'cast(' ~ value ~ ' as string)' -%}
        {%- do parts.append("'" ~ column.name ~ "=' || coalesce(" ~ text ~ ", '')") -%}
    {%- endfor -%}
    {{ parts | join(" || '; ' || ") if parts else "''" }}
{%- endmacro %}
