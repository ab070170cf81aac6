create table if not exists scoring.unscorable (
    task varchar,
    entity_id varchar,
    as_of_date date,
    model_version varchar,
    run_id varchar,
    reason varchar,
    scored_at timestamp
);
