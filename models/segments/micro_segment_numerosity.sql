with counts as (
    select * from {{ ref('micro_segment_counts') }}
),

{{ micro_segment_statistics('counts') }},

final as (
    select
        segment_id,
        segment_name,
        level,
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
        customers_share,
        buyers_share,
        coalesce(
            {{ ratio('revenue', 'max(case when level = 0 then revenue end) over (partition by as_of_date, outcome)') }}, 0
        ) as revenue_share,
        customers_scored,
        predicted_rate,
        observed_minus_predicted,
        observed_minus_predicted_low,
        observed_minus_predicted_high
    from statistics
)

select * from final
