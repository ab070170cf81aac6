create table if not exists registry.audits (
    task varchar,
    model_version varchar,
    attribute varchar,
    group_name varchar,
    rows bigint,
    buyers bigint,
    rate double,
    rate_low double,
    rate_high double,
    mean_probability double,
    selected_share double,
    recall double,
    roc_auc double,
    roc_auc_low double,
    roc_auc_high double,
    is_calibrated boolean,
    is_tiny boolean
);
