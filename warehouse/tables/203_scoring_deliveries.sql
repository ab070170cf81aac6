create table if not exists scoring.deliveries (
    delivery_id varchar,
    audience varchar,
    as_of_date date,
    destination varchar,
    rows_delivered bigint,
    rows_held_out bigint,
    rows_added bigint,
    rows_removed bigint,
    rows_changed bigint,
    delivered_at timestamp
);
