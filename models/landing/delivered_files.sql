with read_rows as (
    {%- for source_name, table in raw_tables() %}
    select
        '{{ source_name }}' as source_name,
        '{{ table }}' as table_name,
        raw_file,
        count(*) as raw_rows
    from {{ ref('raw_' ~ source_name ~ '__' ~ table) }}
    group by raw_file
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

delivered as (
    {{ delivered_files() }}
),

final as (
    select
        delivered.source_name,
        read_rows.table_name,
        delivered.path,
        delivered.is_present,
        delivered.size_bytes,
        delivered.sha256,
        delivered.format,
        delivered.dialect,
        delivered.columns as header,
        delivered.counted_records,
        delivered.landed_records,
        read_rows.raw_rows,
        delivered.ragged_records,
        delivered.blank_lines,
        delivered.header_lines,
        delivered.erased_records,
        cast(delivered.first_seen_at as timestamp) as first_seen_at,
        cast(delivered.landed_at as timestamp) as landed_at,
        delivered.problem
    from delivered
    left join read_rows
        on
            delivered.is_present
            and delivered.source_name = read_rows.source_name
            and delivered.source_name || '/' || delivered.path = read_rows.raw_file
)

select * from final
