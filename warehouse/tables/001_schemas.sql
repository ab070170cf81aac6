create schema if not exists registry;
create schema if not exists scoring;
