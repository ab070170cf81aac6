-- One table has all scores. A run replaces one of its partitions, so both views (401, 402) change at the same moment.
create table if not exists scoring.scores (
    task varchar,
    entity_id varchar,
    as_of_date date,
    model_version varchar,
    run_id varchar,
    probability double,
    score double,
    reason_1 varchar,
    reason_2 varchar,
    reason_3 varchar,
    contribution_1 double,
    contribution_2 double,
    contribution_3 double,
    bundle_sha256 varchar,
    scored_at timestamp,
    feature_schema_hash varchar,
    code_version varchar,
    unscorable varchar
) partitioned by (task, as_of_date, model_version)  -- noqa: PRS
;
