with quarantined as (
    select * from {{ ref('quarantined_rows') }}
),

raw_tables as (
    select * from {{ ref('monitor_reconciliation') }}
),

counted as (
    select
        source_name,
        table_name,
        quarantine_reason,
        count(*) as quarantined_rows,
        sum(raw_copies) as quarantined_copies,
        min(raw_text) as example_raw_text
    from quarantined
    where source_name in ({{ sources_on() }})
    group by
        source_name,
        table_name,
        quarantine_reason
),

final as (
    select
        counted.source_name,
        counted.table_name,
        counted.quarantine_reason,
        cast(counted.quarantined_rows as bigint) as quarantined_rows,
        cast(counted.quarantined_copies as bigint) as quarantined_copies,
        raw_tables.raw_rows,
        {{ ratio('counted.quarantined_copies', 'raw_tables.raw_rows') }} as quarantined_share,
        counted.example_raw_text
    from counted
    inner join raw_tables
        on
            counted.source_name = raw_tables.source_name
            and counted.table_name = raw_tables.table_name
)

select * from final
