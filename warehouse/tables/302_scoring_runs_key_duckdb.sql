alter table scoring.runs add column if not exists feature_schema_hash varchar;
alter table scoring.runs add column if not exists code_version varchar;
alter table scoring.runs add column if not exists run_key bigint;
