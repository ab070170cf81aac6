create table if not exists registry.models (
    model_version varchar,
    task varchar,
    status varchar,
    candidate varchar,
    bundle_path varchar,
    bundle_sha256 varchar,
    feature_schema_hash varchar,
    feature_count integer,
    training_rows bigint,
    training_buyers bigint,
    training_from date,
    training_to date,
    reason varchar,
    trained_at timestamp,
    drawn varchar
);
