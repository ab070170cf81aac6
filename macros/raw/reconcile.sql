{% macro reconcile(source_name, table) -%}
    {%- set clean = ref('stg_' ~ source_name ~ '__' ~ table) ~ ' where quarantine_reason is null' -%}
    {%- set quarantined = ref('quarantined_rows') ~ " where source_name = '" ~ source_name ~ "' and table_name = '" ~ table ~ "'" -%}
    select
        '{{ source_name }}' as source_name,
        '{{ table }}' as table_name,
        raw_rows.row_count as raw_rows,
        clean_rows.row_count as clean_rows,
        quarantined_rows.row_count as quarantined_rows,
        clean_rows.copies + quarantined_rows.copies - clean_rows.row_count - quarantined_rows.row_count as duplicate_rows,
        raw_rows.erased_rows,
        raw_rows.hash_sum as raw_hash_sum,
        clean_rows.hash_sum + quarantined_rows.hash_sum + raw_rows.erased_hash_sum as accounted_hash_sum
    from (
        select
            count(*) as row_count,
            count(case when is_erased then 1 end) as erased_rows,
            coalesce(sum(cast(raw_hash as decimal(38, 0))), 0) as hash_sum,
            coalesce(sum(case when is_erased then cast(raw_hash as decimal(38, 0)) end), 0) as erased_hash_sum
        from {{ ref('raw_' ~ source_name ~ '__' ~ table) }}
    ) as raw_rows
    {%- for relation, rows in [('clean_rows', clean), ('quarantined_rows', quarantined)] %}
    cross join (
        select
            count(*) as row_count,
            coalesce(sum(raw_copies), 0) as copies,
            coalesce(sum(cast(raw_hash as decimal(38, 0)) * raw_copies), 0) as hash_sum
        from {{ rows }}
    ) as {{ relation }}
    {%- endfor %}
{%- endmacro %}
