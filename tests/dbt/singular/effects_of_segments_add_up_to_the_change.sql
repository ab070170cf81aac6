-- The effects of all segments of a level add up to the change of the purchase rate, which is computed here without segments.
with labels as (
    select * from {{ ref('customer_features') }}
),

effects as (
    select
        level,
        outcome,
        from_as_of_date,
        to_as_of_date,
        sum(effect) as effect
    from {{ ref('micro_segment_rate_change') }}
    group by
        level,
        outcome,
        from_as_of_date,
        to_as_of_date
),

rates as (
    {%- for label in columns_with_role('customer_features', 'label') %}
    select
        '{{ label.name }}' as outcome,
        as_of_date,
        {{ ratio('count(case when ' ~ label.name ~ ' then 1 end)', 'count(*)') }} as rate
    from labels
    where {{ label.name }} is not null
    group by as_of_date
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
),

wrong as (
    select
        effects.*,
        rates_after.rate - rates_before.rate as change
    from effects
    left join rates as rates_before
        on
            effects.outcome = rates_before.outcome
            and effects.from_as_of_date = rates_before.as_of_date
    left join rates as rates_after
        on
            effects.outcome = rates_after.outcome
            and effects.to_as_of_date = rates_after.as_of_date
    where coalesce(abs(effects.effect - (rates_after.rate - rates_before.rate)), 1) > 1e-12
)

select * from wrong
