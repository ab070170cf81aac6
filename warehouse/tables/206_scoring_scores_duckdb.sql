-- A million rows are written every night. What is the same for all rows of a run, and names of reasons, would be most of the work:
-- here a number is in place of each, and scoring.runs and scoring.reasons say what it stands for. To every compression scores look
-- random, except to that of an entity's key, and trying all compressions costs more than the rest of writing.
create table if not exists scoring.scores (  -- noqa: PRS
    run_key bigint,
    entity_id varchar using compression uncompressed,
    probability float using compression uncompressed,
    score float using compression uncompressed,
    reason_1 integer using compression uncompressed,
    reason_2 integer using compression uncompressed,
    reason_3 integer using compression uncompressed,
    contribution_1 float using compression uncompressed,
    contribution_2 float using compression uncompressed,
    contribution_3 float using compression uncompressed
);
