-- No more rows of a raw table are quarantined for a reason than seeds/quarantine_reasons.csv allows; one row alone is never too
-- many. Each row returned, and a line in the log, names the source, the table and the reason.
select
    summary.source_name,
    summary.table_name,
    summary.quarantine_reason,
    'too many bad rows: ' || summary.quarantined_copies || ' of ' || summary.raw_rows || ' rows of '
    || summary.source_name || '/' || summary.table_name || ' are quarantined as ' || summary.quarantine_reason
    || ' (' || reasons.description || ' At most a share of ' || reasons.max_share
    || ' is let through, seeds/quarantine_reasons.csv.) For example: ' || summary.example_raw_text as problem
from {{ ref('quarantine_summary') }} as summary
inner join {{ ref('quarantine_reasons') }} as reasons on summary.quarantine_reason = reasons.reason
where
    summary.quarantined_share > reasons.max_share
    and summary.quarantined_copies > 1
