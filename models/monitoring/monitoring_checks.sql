{{ config(
    materialized='incremental', incremental_strategy='delete+insert', unique_key='as_of_date',
    on_schema_change='append_new_columns', full_refresh=false, pre_hook="{{ reasons_of_earlier_checks() }}"
) }}

{%- set monitors = [
    ref('monitor_freshness'), ref('monitor_volume'), ref('monitor_unseen_categories'), ref('monitor_null_share'),
    ref('monitor_range'), ref('monitor_feature_drift'), ref('monitor_score_drift'), ref('monitor_expected_performance'),
    ref('monitor_realised_performance'), ref('monitor_calibration'),
] %}
{#- Listed by name, so that a check without one of the contract's columns fails here. A unit test has no contract. #}
{%- set columns = model.columns | reject('in', ['check_title', 'check_rank']) | join(', ') or '*' %}

with thresholds as (
    select * from {{ ref('monitoring_thresholds') }}
),

checks as (
    {%- for monitor in monitors %}
    select {{ columns }} from {{ monitor }}
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
),

titled as (
    select
        checks.*,
        thresholds.check_title,
        checks.effect / nullif(coalesce(checks.fail_from, checks.warn_from, 1), 0) as times_limit
    from checks
    left join thresholds
        on
            checks.check_name = thresholds.check_name
            and thresholds.subject = '*'
),

final as (
    select
        check_name,
        check_title,
        subject_type,
        subject,
        as_of_date,
        observed_date,
        value,
        expected_low,
        expected_high,
        effect,
        warn_from,
        fail_from,
        status,
        cast(row_number() over (
            partition by as_of_date
            order by
                case status when 'fail' then 1 when 'warn' then 2 when 'ok' then 3 else 4 end asc,
                case when times_limit is null then 1 else 0 end asc,
                {{ rounded('times_limit', 9) }} desc,
                check_name asc,
                subject asc
        ) as bigint) as check_rank,
        message
    from titled
)

select * from final
