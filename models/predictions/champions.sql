with models as (
    select * from {{ source('registry', 'models') }}
),

final as (
    select
        task,
        model_version,
        candidate,
        bundle_path,
        bundle_sha256,
        training_rows,
        training_buyers,
        training_from,
        training_to,
        trained_at,
        drawn
    from models
    where status = 'champion'
)

select * from final
