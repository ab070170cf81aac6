with reconciled as (
    {%- for source_name, table in raw_tables() %}
    {{ reconcile(source_name, table) }}
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
),

final as (
    select
        source_name,
        table_name,
        cast(raw_rows as bigint) as raw_rows,
        cast(clean_rows as bigint) as clean_rows,
        cast(quarantined_rows as bigint) as quarantined_rows,
        cast(duplicate_rows as bigint) as duplicate_rows,
        cast(erased_rows as bigint) as erased_rows,
        cast(raw_hash_sum as string) as raw_hash_sum,
        cast(accounted_hash_sum as string) as accounted_hash_sum
    from reconciled
    where source_name in ({{ sources_on() }})
)

select * from final
