{#
    Where `scoring.predictions` and `scoring.unscorable` come from: one row per task, entity, as-of date and model version in one of
    the two.

    In DuckDB predictions are a view. A million rows are written every night, and what is the same for all of a run, and names of
    reasons, would be most of the work: `scoring.scores` has a number in place of each, `scoring.runs` and `scoring.reasons` say what
    they stand for. Scores look random to every compression but an entity's key, and trying them all costs more than the rest of writing.

    On Spark both are views of one table, so that a partition of it, which is replaced whole, is all that a run says of a day.
#}
{% macro predictions_tables() -%}
    {{ return(adapter.dispatch('predictions_tables', 'numerosity')()) }}
{%- endmacro %}

{% macro spark__predictions_tables() -%}
    {{ return([
        'create table if not exists scoring.scores (task string, entity_id string, as_of_date date, model_version string,
            run_id string, probability double, score double, reason_1 string, reason_2 string, reason_3 string,
            contribution_1 double, contribution_2 double, contribution_3 double, bundle_sha256 string, scored_at timestamp,
            feature_schema_hash string, code_version string, unscorable string)
            partitioned by (task, as_of_date, model_version)',
        'create or replace view scoring.predictions as
            select task, entity_id, as_of_date, model_version, run_id, probability, score, reason_1, reason_2, reason_3,
                contribution_1, contribution_2, contribution_3, bundle_sha256, scored_at, feature_schema_hash, code_version
            from scoring.scores where unscorable is null',
        'create or replace view scoring.unscorable as
            select task, entity_id, as_of_date, model_version, run_id, unscorable as reason, scored_at
            from scoring.scores where unscorable is not null',
    ]) }}
{%- endmacro %}

{% macro duckdb__predictions_tables() -%}
    {{ return([
        'create table if not exists scoring.reasons (reason_number integer, reason varchar)',
        'create table if not exists scoring.scores (run_key bigint, entity_id varchar using compression uncompressed,
            probability float using compression uncompressed, score float using compression uncompressed,
            reason_1 integer using compression uncompressed, reason_2 integer using compression uncompressed,
            reason_3 integer using compression uncompressed, contribution_1 float using compression uncompressed,
            contribution_2 float using compression uncompressed, contribution_3 float using compression uncompressed)',
    ] + (predictions_before() if execute else []) + [
        'create view if not exists scoring.predictions as
            select runs.task, scores.entity_id, runs.as_of_date, runs.model_version, runs.run_id,
                cast(scores.probability as double) as probability, cast(scores.score as double) as score,
                first_reasons.reason as reason_1, second_reasons.reason as reason_2, third_reasons.reason as reason_3,
                cast(scores.contribution_1 as double) as contribution_1, cast(scores.contribution_2 as double) as contribution_2,
                cast(scores.contribution_3 as double) as contribution_3, runs.bundle_sha256, runs.started_at as scored_at,
                runs.feature_schema_hash, runs.code_version
            from scoring.scores as scores
            inner join scoring.runs as runs on scores.run_key = runs.run_key
            left join scoring.reasons as first_reasons on scores.reason_1 = first_reasons.reason_number
            left join scoring.reasons as second_reasons on scores.reason_2 = second_reasons.reason_number
            left join scoring.reasons as third_reasons on scores.reason_3 = third_reasons.reason_number',
        'create table if not exists scoring.unscorable (task varchar, entity_id varchar, as_of_date date,
            model_version varchar, run_id varchar, reason varchar, scored_at timestamp)',
    ]) }}
{%- endmacro %}

{# What moves the rows of a warehouse in which scoring.predictions still is a table; nothing where it is not. #}
{% macro predictions_before() -%}
    {%- set found = run_query(
        "select 1 from information_schema.tables where table_schema = 'scoring' and table_name = 'predictions'"
        ~ " and table_type = 'BASE TABLE' and table_catalog = current_database()"
    ) -%}
    {{ return([move_predictions()] if found.rows | length else []) }}
{%- endmacro %}

{% macro move_predictions() -%}
    begin;
    update scoring.runs set run_key = cast(hash(run_id) >> 1 as bigint) where run_key is null;
    insert into scoring.reasons
    select row_number() over (order by reason), reason
    from (select unnest([reason_1, reason_2, reason_3]) as reason from scoring.predictions)
    where reason is not null
    group by reason;
    insert into scoring.scores
    select
        runs.run_key, old.entity_id, old.probability, old.score, first_reasons.reason_number, second_reasons.reason_number,
        third_reasons.reason_number, old.contribution_1, old.contribution_2, old.contribution_3
    from scoring.predictions as old
    inner join scoring.runs as runs on old.run_id = runs.run_id
    left join scoring.reasons as first_reasons on old.reason_1 = first_reasons.reason
    left join scoring.reasons as second_reasons on old.reason_2 = second_reasons.reason
    left join scoring.reasons as third_reasons on old.reason_3 = third_reasons.reason;
    drop table scoring.predictions;
    commit;
{%- endmacro %}
