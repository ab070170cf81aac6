create table if not exists registry.evaluations (
    task varchar,
    model_version varchar,
    candidate varchar,
    protocol varchar,
    metric varchar,
    value double,
    value_low double,
    value_high double,
    rows bigint,
    buyers bigint,
    evaluated_at timestamp
);
