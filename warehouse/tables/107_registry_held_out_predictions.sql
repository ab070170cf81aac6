create table if not exists registry.held_out_predictions (
    task varchar,
    model_version varchar,
    entity_id varchar,
    as_of_date date,
    is_buyer boolean,
    probability double
);
