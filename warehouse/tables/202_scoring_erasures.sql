create table if not exists scoring.erasures (
    erasure_id varchar,
    place varchar,
    table_name varchar,
    rows_erased bigint,
    erased_at timestamp
);
