{% set sums = ['customers', 'buyers', 'customers_scored', 'buyers_scored', 'predicted_buyers'] %}

with counts as (
    select
        segment_id,
        segment_name,
        level,
        parent_segment_id,
        as_of_date,
        outcome,
        {{ sums | join(',\n        ') }}
    from {{ ref('micro_segment_counts') }}
),

{{ merge_small_segments('counts', sums) }},

-- Scores of a partly scored date could reveal the few customers that were, or were not, scored.
complete as (
    select
        as_of_date,
        outcome,
        customers_scored = customers as is_scored
    from merged
    where level = 0
),

final as (
    select
        merged.segment_id,
        merged.segment_name,
        merged.level,
        merged.parent_segment_id,
        merged.as_of_date,
        merged.outcome,
        cast(merged.customers as bigint) as customers,
        cast(merged.buyers as bigint) as buyers,
        cast(case when complete.is_scored then merged.customers_scored else 0 end as bigint) as customers_scored,
        cast(case when complete.is_scored then merged.buyers_scored else 0 end as bigint) as buyers_scored,
        cast(case when complete.is_scored then merged.predicted_buyers else 0 end as double) as predicted_buyers
    from merged
    inner join complete
        on
            merged.as_of_date = complete.as_of_date
            and merged.outcome = complete.outcome
)

select * from final
