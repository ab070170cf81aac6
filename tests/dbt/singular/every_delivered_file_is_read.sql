-- A file in the folder of a source that no table of the source reads: its name matches no pattern, or a pattern before it matched
-- other files. Files in folders of their own may be something else. Each problem is also a line in the log.
{{ config(severity='warn') }}
select
    source_name,
    path,
    'raw file ' || source_name || '/' || path || ' has ' || cast(landed_records as string)
    || ' records that no table reads: see the file patterns in models/staging/' || source_name || ', or move it away' as problem
from {{ ref('delivered_files') }}
where
    is_present
    and table_name is null
    and landed_records > 0
    and path not like '%/%'
