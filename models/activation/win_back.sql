with features as (
    select * from {{ ref('customer_features') }}
),

candidates as (
    select
        customer_id,
        as_of_date,
        order_amount_365d as priority,
        'last order ' || cast(cast(days_since_last_order as integer) as {{ dbt.type_string() }}) || ' days ago, visited lately' as reason
    from features
    where
        as_of_date = {{ run_as_of_date() }}
        and days_since_last_order > 180
        and days_since_last_session_365d <= 30
),

final as (
    {{ audience('win_back', 'candidates') }}
)

select * from final
