create table if not exists registry.segment_calibration (
    task varchar,
    model_version varchar,
    level_name varchar,
    segment_id varchar,
    segment_name varchar,
    customers bigint,
    buyers bigint,
    predicted double,
    observed double,
    wilson_low double,
    wilson_high double,
    is_inside boolean
);
