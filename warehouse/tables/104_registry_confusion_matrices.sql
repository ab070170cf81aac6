create table if not exists registry.confusion_matrices (
    task varchar,
    model_version varchar,
    threshold double,
    is_buyer boolean,
    is_selected boolean,
    rows bigint
);
