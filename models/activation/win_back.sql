with features as (
    select * from {{ ref('customer_features') }}
),

segments as (
    select * from {{ ref('customer_micro_segments') }}
),

candidates as (
    select
        features.customer_id,
        features.as_of_date,
        segments.demographic_segment_id as segment_id,
        segments.demographic_segment_name as segment_name,
        features.order_amount_365d as priority,
        'last order ' || cast(cast(features.days_since_last_order as integer) as {{ dbt.type_string() }}) || ' days ago, visited lately' as reason
    from features
    left join segments
        on
            features.customer_id = segments.customer_id
            and features.as_of_date = segments.as_of_date
    where
        features.as_of_date = {{ run_as_of_date() }}
        and features.days_since_last_order > 180
        and features.days_since_last_session_365d <= 30
),

final as (
    {{ audience('win_back', 'candidates') }}
)

select * from final
