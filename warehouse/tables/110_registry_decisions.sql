create table if not exists registry.decisions (
    task varchar,
    decided_at timestamp,
    kind varchar,
    model_version varchar,
    champion_before varchar,
    champion_after varchar,
    reason varchar,
    metric varchar,
    difference double,
    difference_low double,
    difference_high double,
    rows bigint
);
