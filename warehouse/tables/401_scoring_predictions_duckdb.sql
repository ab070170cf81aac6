create view if not exists scoring.predictions as
select
    runs.task,
    scores.entity_id,
    runs.as_of_date,
    runs.model_version,
    runs.run_id,
    cast(scores.probability as double) as probability,
    cast(scores.score as double) as score,
    first_reasons.reason as reason_1,
    second_reasons.reason as reason_2,
    third_reasons.reason as reason_3,
    cast(scores.contribution_1 as double) as contribution_1,
    cast(scores.contribution_2 as double) as contribution_2,
    cast(scores.contribution_3 as double) as contribution_3,
    runs.bundle_sha256,
    runs.started_at as scored_at,
    runs.feature_schema_hash,
    runs.code_version
from scoring.scores as scores
inner join scoring.runs as runs on scores.run_key = runs.run_key
left join scoring.reasons as first_reasons on scores.reason_1 = first_reasons.reason_number
left join scoring.reasons as second_reasons on scores.reason_2 = second_reasons.reason_number
left join scoring.reasons as third_reasons on scores.reason_3 = third_reasons.reason_number;
