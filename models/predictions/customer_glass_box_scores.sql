{{ config(materialized='view') }}

with scores as (
    {{ glass_box_scores('customer_features') }}
),

final as (
    select
        scores.customer_id,
        scores.task,
        scores.as_of_date,
        scores.model_version,
        scores.score,
        scores.probability
    from scores
)

select * from final
