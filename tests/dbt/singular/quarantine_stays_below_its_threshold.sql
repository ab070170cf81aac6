-- The share of a raw table that is quarantined for a reason is at most that of seeds/quarantine_reasons.csv. A single row is
-- always allowed. Each problem is also a line in the log.
select
    summary.source_name,
    summary.table_name,
    summary.quarantine_reason,
    'too many bad rows: ' || summary.quarantined_copies || ' of ' || summary.raw_rows || ' rows of '
    || summary.source_name || '/' || summary.table_name || ' are quarantined as ' || summary.quarantine_reason
    || ' (' || reasons.description || ' The highest allowed share is ' || reasons.max_share
    || ', see seeds/quarantine_reasons.csv.) For example: ' || summary.example_raw_text as problem
from {{ ref('quarantine_summary') }} as summary
inner join {{ ref('quarantine_reasons') }} as reasons on summary.quarantine_reason = reasons.reason
where
    summary.quarantined_share > reasons.max_share
    and summary.quarantined_copies > 1
