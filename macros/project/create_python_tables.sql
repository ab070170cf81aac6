{#
    The tables Python writes, created empty and typed, so that every model that reads them builds on a fresh clone.
    Columns and types are what ml/registry/record.py, ml/registry/model_terms.py, ml/discover/store.py and scoring/run/predictions.py insert.
#}
{% macro create_python_tables() -%}
    {%- if execute and flags.WHICH in ('run', 'build', 'seed', 'run-operation') -%}
        {%- for statement in python_tables() + predictions_tables() -%}
            {%- do create_python_table(statement) -%}
        {%- endfor -%}
    {%- endif -%}
{%- endmacro %}

{% macro create_python_table(statement) -%}
    {{ return(adapter.dispatch('create_python_table', 'numerosity')(statement)) }}
{%- endmacro %}

{% macro default__create_python_table(statement) -%}
    {%- do run_query(statement) -%}
{%- endmacro %}

{# Columns cannot be added there where they may be there. #}
{% macro spark__create_python_table(statement) -%}
    {%- if not statement.startswith('alter') -%}{%- do run_query(statement.replace('varchar', 'string')) -%}{%- endif -%}
{%- endmacro %}

{% macro python_tables() -%}
    {{ return([
        'create schema if not exists registry',
        'create schema if not exists scoring',
        'create table if not exists registry.models (model_version varchar, task varchar, status varchar, candidate varchar,
            bundle_path varchar, bundle_sha256 varchar, feature_schema_hash varchar, feature_count integer,
            training_rows bigint, training_buyers bigint, training_from date, training_to date, reason varchar,
            trained_at timestamp, drawn varchar)',
        'alter table registry.models add column if not exists drawn varchar',
        'create table if not exists registry.evaluations (task varchar, model_version varchar, candidate varchar,
            protocol varchar, metric varchar, value double, value_low double, value_high double, rows bigint,
            buyers bigint, evaluated_at timestamp)',
        'create table if not exists registry.curves (task varchar, model_version varchar, curve varchar, point integer,
            x double, y double, rows bigint)',
        'create table if not exists registry.confusion_matrices (task varchar, model_version varchar, threshold double,
            is_buyer boolean, is_selected boolean, rows bigint)',
        'create table if not exists registry.classification_reports (task varchar, model_version varchar, threshold double,
            class varchar, precision double, recall double, f1 double, rows bigint)',
        'create table if not exists registry.importances (task varchar, model_version varchar, feature varchar,
            importance double, importance_low double, importance_high double)',
        'create table if not exists registry.held_out_predictions (task varchar, model_version varchar, entity_id varchar,
            as_of_date date, is_buyer boolean, probability double)',
        'create table if not exists registry.segment_calibration (task varchar, model_version varchar, level_name varchar,
            segment_id varchar, segment_name varchar, customers bigint, buyers bigint, predicted double, observed double,
            wilson_low double, wilson_high double, is_inside boolean)',
        'create table if not exists registry.audits (task varchar, model_version varchar, attribute varchar,
            group_name varchar, rows bigint, buyers bigint, rate double, rate_low double, rate_high double,
            mean_probability double, selected_share double, recall double, roc_auc double, roc_auc_low double,
            roc_auc_high double, is_calibrated boolean, is_tiny boolean)',
        'create table if not exists registry.decisions (task varchar, decided_at timestamp, kind varchar,
            model_version varchar, champion_before varchar, champion_after varchar, reason varchar, metric varchar,
            difference double, difference_low double, difference_high double, rows bigint)',
        'create table if not exists registry.model_terms (task varchar, model_version varchar, term integer,
            feature_1 varchar, bin_1 integer, low_1 double, high_1 double, is_missing_1 boolean,
            feature_2 varchar, bin_2 integer, low_2 double, high_2 double, is_missing_2 boolean,
            contribution double, rows bigint)',
        'create table if not exists registry.discovered_segments (task varchar, segment_id varchar, segment_name varchar,
            status varchar, reason varchar, condition_number integer, condition_count integer, feature varchar, low float,
            high float, missing varchar, discovered_at timestamp)',
        'create table if not exists registry.discovered_segment_statistics (task varchar, segment_id varchar,
            window_name varchar, as_of_from date, as_of_to date, customers bigint, buyers bigint, rate double,
            wilson_low double, wilson_high double, all_customers bigint, base_rate double, rest_rate double, lift double,
            lift_on_rest double, p_value double, p_holm double, q_value double)',
        'create table if not exists scoring.runs (run_id varchar, task varchar, as_of_date date, model_version varchar,
            bundle_sha256 varchar, feature_schema_hash varchar, code_version varchar, features_fingerprint varchar,
            rows_scored bigint, rows_unscorable bigint, started_at timestamp, finished_at timestamp, run_key bigint)',
        'alter table scoring.runs add column if not exists feature_schema_hash varchar',
        'alter table scoring.runs add column if not exists code_version varchar',
        'alter table scoring.runs add column if not exists run_key bigint',
        'create table if not exists scoring.erasures (erasure_id varchar, place varchar, table_name varchar,
            rows_erased bigint, erased_at timestamp)',
        'create table if not exists scoring.deliveries (delivery_id varchar, audience varchar, as_of_date date,
            destination varchar, rows_delivered bigint, rows_held_out bigint, rows_added bigint, rows_removed bigint,
            rows_changed bigint, delivered_at timestamp)',
        'create table if not exists scoring.delivery_members (delivery_id varchar, audience varchar, customer_id varchar,
            as_of_date date, is_holdout boolean, content_hash varchar)',
    ]) }}
{%- endmacro %}
