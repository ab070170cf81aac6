create table if not exists scoring.reasons (
    reason_number integer,
    reason varchar
);
