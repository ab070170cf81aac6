{{ config(
    materialized='incremental', incremental_strategy='delete+insert', unique_key='as_of_date', on_schema_change='fail',
    full_refresh=false
) }}

{%- set checks = [
    ref('monitor_freshness'), ref('monitor_volume'), ref('monitor_unseen_categories'), ref('monitor_null_share'),
    ref('monitor_range'), ref('monitor_feature_drift'), ref('monitor_score_drift'), ref('monitor_expected_performance'),
    ref('monitor_realised_performance'), ref('monitor_calibration'),
] %}
{#- By name, so that a check without one of the contract's columns stops here. #}
{%- set columns = model.columns | join(', ') %}

with final as (
    {%- for check in checks %}
    select {{ columns }} from {{ check }}
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
)

select * from final
