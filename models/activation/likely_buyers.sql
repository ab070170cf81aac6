-- Lowest probability of a purchase within 30 days.
{% set at_least = 0.25 %}

with predictions as (
    select * from {{ ref('customer_predictions') }}
),

candidates as (
    select
        customer_id,
        as_of_date,
        probability as priority,
        reason_1_text as reason
    from predictions
    where
        task = 'customer_purchase_30d'
        and probability >= {{ at_least }}
),

final as (
    {{ audience('likely_buyers', 'candidates') }}
)

select * from final
