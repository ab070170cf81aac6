-- Every check of seeds/monitoring_thresholds.csv is one that a model of models/monitoring/checks names in config.meta.checks, and
-- each of these has its row with the subject `*`, and its model in monitoring_checks. Each row returned is one that has not.
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
    check_name || ' is no check: no model of models/monitoring/checks names it in config.meta.checks' as problem
from thresholds
where check_name not in ('{{ checks | join("', '") }}')
{% for check in checks %}
union all

select
    '{{ check }}' as check_name,
    '{{ check }} has no row with the subject *' as problem
from (select count(case when check_name = '{{ check }}' and subject = '*' then 1 end) as usual_rows from thresholds) as counted
where usual_rows = 0
{% endfor %}
{%- for check in left_out %}
union all

select
    '{{ check }}' as check_name,
    '{{ check }} is in no line of monitoring_checks.sql' as problem
{% endfor %}
