{# The quarantined rows of a checked relation with their raw text, found again in the raw relation by the row's hash. #}
{% macro quarantined_rows(source_name, table) -%}
{%- set raw = ref('raw_' ~ source_name ~ '__' ~ table) -%}
{%- set columns = adapter.get_columns_in_relation(raw) | rejectattr('name', 'in', ['raw_hash', 'is_erased']) | list if execute else [] -%}
with checked as (
    select
        raw_hash,
        raw_copies,
        quarantine_reason
    from {{ ref('stg_' ~ source_name ~ '__' ~ table ~ '_checked') }}
    where quarantine_reason is not null
),

raw_rows as (
    select distinct
        raw_hash,
        {{ raw_text('raw_rows', columns) }} as raw_text
    from {{ raw }} as raw_rows
    where raw_hash in (select raw_hash from checked)
),

final as (
    select
        '{{ source_name }}' as source_name,
        '{{ table }}' as table_name,
        checked.quarantine_reason,
        raw_rows.raw_text,
        checked.raw_hash,
        checked.raw_copies
    from checked
    inner join raw_rows on checked.raw_hash = raw_rows.raw_hash
)

select * from final
{%- endmacro %}

{# A row as one line of text, `column=value` separated by semicolons. #}
{% macro raw_text(alias, columns) -%}
    {%- set parts = [] -%}
    {%- for column in columns -%}
        {%- set value = alias ~ '.' ~ column.name -%}
        {%- set text = double_as_text(value) if column.dtype | lower in ['float', 'double'] else 'cast(' ~ value ~ ' as string)' -%}
        {%- do parts.append("'" ~ column.name ~ "=' || coalesce(" ~ text ~ ", '')") -%}
    {%- endfor -%}
    {{ parts | join(" || '; ' || ") if parts else "''" }}
{%- endmacro %}
