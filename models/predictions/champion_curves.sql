with champions as (
    select * from {{ ref('champions') }}
),

points as (
    select * from {{ source('registry', 'curves') }}
),

measured as (
    select
        champions.task,
        champions.model_version,
        points.curve,
        points.point,
        points.x,
        points.y,
        points.rows as row_count,
        round(points.y * points.rows) as buyers
    from points
    inner join champions
        on
            points.task = champions.task
            and points.model_version = champions.model_version
),

final as (
    select
        task,
        model_version,
        curve,
        point,
        x,
        y,
        case when curve = 'calibration' then {{ wilson_low('buyers', 'row_count') }} end as y_low,
        case when curve = 'calibration' then {{ wilson_high('buyers', 'row_count') }} end as y_high,
        row_count
    from measured
)

select * from final
