with champions as (
    select * from {{ ref('champions') }}
),

evaluations as (
    select * from {{ source('registry', 'evaluations') }}
),

final as (
    select
        champions.task,
        champions.model_version,
        champions.candidate,
        evaluations.protocol,
        evaluations.metric,
        evaluations.value,
        evaluations.value_low,
        evaluations.value_high,
        evaluations.rows as row_count,
        evaluations.buyers,
        evaluations.evaluated_at
    from evaluations
    inner join champions
        on
            evaluations.task = champions.task
            and evaluations.model_version = champions.model_version
            and evaluations.candidate = champions.candidate
)

select * from final
