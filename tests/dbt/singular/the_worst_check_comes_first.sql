-- The rank of a check follows its status, then how far its effect is beyond its limit. Each row returned is two neighbours in the
-- wrong order. Effects that differ in their last digits only are equal.
with checks as (
    select
        *,
        case status when 'fail' then 1 when 'warn' then 2 when 'ok' then 3 else 4 end as severity,
        effect / nullif(coalesce(fail_from, warn_from, 1), 0) as times_limit
    from {{ ref('monitoring_checks') }}
)

select
    worse.as_of_date,
    worse.check_name,
    worse.subject,
    'it is listed before ' || better.check_name || ' of ' || better.subject || ', which is worse' as problem
from checks as worse
inner join checks as better
    on
        worse.as_of_date = better.as_of_date
        and worse.check_rank + 1 = better.check_rank
where
    worse.severity > better.severity
    or (worse.severity = better.severity and (worse.times_limit + 1e-8 < better.times_limit or worse.times_limit is null)
        and better.times_limit is not null)
