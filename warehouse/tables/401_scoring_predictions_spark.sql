create or replace view scoring.predictions as
select
    task,
    entity_id,
    as_of_date,
    model_version,
    run_id,
    probability,
    score,
    reason_1,
    reason_2,
    reason_3,
    contribution_1,
    contribution_2,
    contribution_3,
    bundle_sha256,
    scored_at,
    feature_schema_hash,
    code_version
from scoring.scores
where unscorable is null;
