-- A million rows are written every night. Writing the values shared by a run, and the names of reasons, would be most of the
-- work. Here integers replace them; scoring.runs and scoring.reasons have the values. Compression is off: only entity_id can be
-- compressed, and trying every method on every column would take more time than the rest of the writing.
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
