create table if not exists scoring.delivery_members (
    delivery_id varchar,
    audience varchar,
    customer_id varchar,
    as_of_date date,
    is_holdout boolean,
    content_hash varchar
);
