with segments as (
    select * from {{ ref('public_micro_segments') }}
),

everyone as (
    select * from segments
    where level = 0
),

counted as (
    select
        outcome,
        as_of_date,
        count(case when level > 0 then 1 end) as segments,
        {%- for verdict in ['reliable', 'borderline', 'too_few'] %}
        count(case when level > 0 and verdict = '{{ verdict }}' then 1 end) as {{ verdict }}{{ ',' if not loop.last }}
        {%- endfor %}
    from segments
    group by
        outcome,
        as_of_date
),

final as (
    select
        everyone.outcome,
        everyone.as_of_date,
        counted.segments,
        counted.reliable,
        counted.borderline,
        counted.too_few,
        everyone.customers,
        everyone.buyers,
        everyone.rate,
        everyone.wilson_low,
        everyone.wilson_high
    from everyone
    inner join counted
        on
            everyone.outcome = counted.outcome
            and everyone.as_of_date = counted.as_of_date
)

select * from final
