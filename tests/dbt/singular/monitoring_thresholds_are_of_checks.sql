-- A model of models/monitoring/checks lists its checks in config.meta.checks. Each check of seeds/monitoring_thresholds.csv is
-- listed there. Each listed check has a row with the subject `*` and is part of monitoring_checks.
{% set checks, left_out = [], [] %}
{%- if execute %}
{%- set added = model_named('monitoring_checks').depends_on.nodes %}
{%- for node in models_with('checks') %}
{%- do checks.extend(meta_of(node)['checks']) %}
{%- do left_out.extend(meta_of(node)['checks'] if node.unique_id not in added else []) %}
{%- endfor %}
{%- endif %}

with thresholds as (
    select * from {{ ref('monitoring_thresholds') }}
)

select
    check_name,
    check_name || ' is unknown: list it in config.meta.checks of a model in models/monitoring/checks or remove it' as problem
from thresholds
where check_name not in ('{{ checks | join("', '") }}')
{% for check in checks %}
union all

select
    '{{ check }}' as check_name,
    '{{ check }} has no thresholds: add a row with the subject * to seeds/monitoring_thresholds.csv' as problem
from (select count(case when check_name = '{{ check }}' and subject = '*' then 1 end) as usual_rows from thresholds) as counted
where usual_rows = 0
{% endfor %}
{%- for check in left_out %}
union all

select
    '{{ check }}' as check_name,
    '{{ check }} is missing in monitoring_checks.sql: add its model to the list there' as problem
{% endfor %}
