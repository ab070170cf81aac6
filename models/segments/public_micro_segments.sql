with counts as (
    select * from {{ ref('public_micro_segment_counts') }}
),

{{ micro_segment_statistics('counts') }},

-- A segment with all customers of its parent repeats the parent, so it gets no rank.
placed as (
    select
        statistics.*,
        level > 0 and verdict = 'reliable' and total < parent_total as has_place
    from statistics
),

final as (
    select
        segment_id,
        segment_name,
        level,
        case level
            when 0 then 'everyone'
            {%- for level in segment_levels() %}
            when {{ loop.index }} then '{{ level.title }}'
            {%- endfor %}
        end as level_title,
        parent_segment_id,
        as_of_date,
        outcome,
        customers,
        buyers,
        rate,
        wilson_low,
        wilson_high,
        eb_rate,
        eb_low,
        eb_high,
        lift,
        p_value,
        q_value,
        customers_needed,
        verdict,
        rolled_up_to,
        case
            when has_place
                then
                    cast(row_number() over (
                        partition by as_of_date, outcome, has_place
                        order by wilson_low desc, level asc, segment_id asc
                    ) as bigint)
        end as reliable_rank,
        customers_share,
        buyers_share,
        customers_scored,
        predicted_rate,
        observed_minus_predicted,
        observed_minus_predicted_low,
        observed_minus_predicted_high
    from placed
)

select * from final
