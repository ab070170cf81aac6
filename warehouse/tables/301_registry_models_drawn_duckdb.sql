alter table registry.models add column if not exists drawn varchar;
