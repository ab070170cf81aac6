create table if not exists scoring.runs (
    run_id varchar,
    task varchar,
    as_of_date date,
    model_version varchar,
    bundle_sha256 varchar,
    feature_schema_hash varchar,
    code_version varchar,
    features_fingerprint varchar,
    rows_scored bigint,
    rows_unscorable bigint,
    started_at timestamp,
    finished_at timestamp,
    run_key bigint
);
