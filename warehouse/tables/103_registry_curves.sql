create table if not exists registry.curves (
    task varchar,
    model_version varchar,
    curve varchar,
    point integer,
    x double,
    y double,
    rows bigint
);
