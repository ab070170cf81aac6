-- Every check of seeds/monitoring_thresholds.csv is one that a model of models/monitoring names in config.meta.checks, and each of
-- these has its row with the subject `*`. Each row returned is one that has not.
{% set checks = [] %}
{%- for node in models_with('checks') %}{% do checks.extend(meta_of(node)['checks']) %}{% endfor %}

with thresholds as (
    select * from {{ ref('monitoring_thresholds') }}
)

select
    check_name,
    'is no check: no model of models/monitoring names it in config.meta.checks' as problem
from thresholds
where check_name not in ('{{ checks | join("', '") }}')
{% for check in checks %}
union all

select
    '{{ check }}' as check_name,
    'has no row with the subject *' as problem
from (select count(case when check_name = '{{ check }}' and subject = '*' then 1 end) as usual_rows from thresholds) as counted
where usual_rows = 0
{% endfor %}
