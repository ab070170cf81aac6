{% macro quarantined_rows(source_name, table) -%}
    {%- set raw = ref('raw_' ~ source_name ~ '__' ~ table) -%}
    {%- set staged = ref('stg_' ~ source_name ~ '__' ~ table) -%}
    select
        '{{ source_name }}' as source_name,
        '{{ table }}' as table_name,
        staged.quarantine_reason,
        raw_rows.raw_text,
        staged.raw_hash,
        staged.raw_copies,
        raw_rows.raw_file,
        raw_rows.raw_record
    from {{ staged }} as staged
    inner join (
        {{ first_copies(raw, 'ragged_text is null and raw_hash in (select raw_hash from ' ~ staged ~ ' where quarantine_reason is not null)') }}
    ) as raw_rows on staged.raw_hash = raw_rows.raw_hash
    where staged.quarantine_reason is not null and raw_rows.copy_number = 1
    union all
    select
        '{{ source_name }}' as source_name,
        '{{ table }}' as table_name,
        'ragged_line' as quarantine_reason,
        raw_text,
        raw_hash,
        raw_copies,
        raw_file,
        raw_record
    from (
        {{ first_copies(raw, 'ragged_text is not null') }}
    ) as ragged_rows
    where copy_number = 1
{%- endmacro %}

{% macro first_copies(raw, condition) -%}
    select
        raw_hash,
        raw_text,
        raw_file,
        raw_record,
        count(*) over (partition by raw_hash) as raw_copies,
        row_number() over (partition by raw_hash order by raw_file, raw_record) as copy_number
    from {{ raw }}
    where not is_erased and {{ condition }}
{%- endmacro %}
