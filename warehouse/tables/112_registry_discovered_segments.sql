create table if not exists registry.discovered_segments (
    task varchar,
    segment_id varchar,
    segment_name varchar,
    status varchar,
    reason varchar,
    condition_number integer,
    condition_count integer,
    feature varchar,
    low float,
    high float,
    missing varchar,
    discovered_at timestamp
);
