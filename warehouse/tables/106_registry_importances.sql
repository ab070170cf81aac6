create table if not exists registry.importances (
    task varchar,
    model_version varchar,
    feature varchar,
    importance double,
    importance_low double,
    importance_high double
);
