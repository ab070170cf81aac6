-- Lowest amount of the orders in the last 365 days.
{% set spent = 200 %}

with features as (
    select * from {{ ref('customer_features') }}
),

candidates as (
    select
        customer_id,
        as_of_date,
        order_amount_365d as priority,
        'no order for ' || cast(cast(days_since_last_order as integer) as {{ dbt.type_string() }}) || ' days' as reason
    from features
    where
        as_of_date = {{ run_as_of_date() }}
        and order_amount_365d >= {{ as_feature(spent) }}
        and days_since_last_order between 60 and 180
),

final as (
    {{ audience('lapsing_high_value', 'candidates') }}
)

select * from final
