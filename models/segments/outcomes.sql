with segments as (
    select * from {{ ref('public_micro_segments') }}
),

labels as (
    {%- for outcome in segment_outcomes() %}
    select
        '{{ outcome.label }}' as outcome,
        {{ dbt.string_literal(dbt.escape_single_quotes(outcome.title)) }} as outcome_title,
        {{ loop.index }} as label_number
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
),

newest as (
    select
        outcome,
        max(as_of_date) as newest_as_of_date
    from segments
    group by outcome
),

ranked as (
    select
        labels.outcome,
        labels.outcome_title,
        newest.newest_as_of_date,
        row_number() over (
            order by
                case when newest.newest_as_of_date is null then 1 else 0 end,
                case when labels.outcome = '{{ var('headline_outcome') }}' then 0 else 1 end,
                labels.label_number
        ) as headline_rank
    from labels
    left join newest on labels.outcome = newest.outcome
),

final as (
    select
        outcome,
        outcome_title,
        newest_as_of_date,
        headline_rank = 1 as is_headline
    from ranked
)

select * from final
