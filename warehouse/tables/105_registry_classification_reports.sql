create table if not exists registry.classification_reports (
    task varchar,
    model_version varchar,
    threshold double,
    class varchar,
    precision double,
    recall double,
    f1 double,
    rows bigint
);
