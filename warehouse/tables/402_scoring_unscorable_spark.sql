create or replace view scoring.unscorable as
select
    task,
    entity_id,
    as_of_date,
    model_version,
    run_id,
    unscorable as reason,
    scored_at
from scoring.scores
where unscorable is not null;
