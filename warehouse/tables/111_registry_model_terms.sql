create table if not exists registry.model_terms (
    task varchar,
    model_version varchar,
    term integer,
    feature_1 varchar,
    bin_1 integer,
    low_1 double,
    high_1 double,
    is_missing_1 boolean,
    feature_2 varchar,
    bin_2 integer,
    low_2 double,
    high_2 double,
    is_missing_2 boolean,
    contribution double,
    rows bigint
);
