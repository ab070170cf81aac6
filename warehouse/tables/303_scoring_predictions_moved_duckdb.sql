-- only where scoring.predictions is a table
-- In an older warehouse: its rows are moved to scoring.scores, and a view of the same name replaces it (401).
begin;

update scoring.runs set run_key = cast(hash(run_id) >> 1 as bigint)
where run_key is null;

insert into scoring.reasons (reason_number, reason)
select
    row_number() over (order by reason) as reason_number,
    reason
from (select unnest([reason_1, reason_2, reason_3]) as reason from scoring.predictions) as given
where reason is not null
group by reason;

insert into scoring.scores by name
select
    runs.run_key,
    old.entity_id,
    old.probability,
    old.score,
    first_reasons.reason_number as reason_1,
    second_reasons.reason_number as reason_2,
    third_reasons.reason_number as reason_3,
    old.contribution_1,
    old.contribution_2,
    old.contribution_3
from scoring.predictions as old
inner join scoring.runs as runs on old.run_id = runs.run_id
left join scoring.reasons as first_reasons on old.reason_1 = first_reasons.reason
left join scoring.reasons as second_reasons on old.reason_2 = second_reasons.reason
left join scoring.reasons as third_reasons on old.reason_3 = third_reasons.reason;

drop table scoring.predictions;

commit;
