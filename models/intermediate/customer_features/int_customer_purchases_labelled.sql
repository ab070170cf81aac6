{%- set horizons = label_horizons() %}
{%- set maturing = {} %}
{%- for days in horizons %}{% do maturing.update({'has_purchase_' ~ days ~ 'd': days}) %}{% endfor %}

with as_of_dates as (
    {{ due_as_of_dates(maturing) }}
),

customers as (
    select
        customer_id,
        as_of_date
    from {{ ref('int_customers_known') }}
),

purchases as (
    select *
    from {{ ref('orders') }}
    where order_type = 'purchase'
),

next_purchases as (
    select
        purchases.customer_id,
        as_of_dates.as_of_date,
        {%- for days in horizons %}
        count(
            case
                when
                    purchases.ordered_at < {{ dbt.dateadd('day', days, 'as_of_dates.as_of_date') }}
                    and purchases.known_at
                    <= {{ dbt.dateadd('day', days + var('label_grace_days'), 'as_of_dates.as_of_date') }}
                    then 1
            end
        ) as purchase_count_{{ days }}d{{ ',' if not loop.last }}
        {%- endfor %}
    from as_of_dates
    inner join purchases
        on
            as_of_dates.as_of_date <= purchases.ordered_at
            and purchases.ordered_at < {{ dbt.dateadd('day', horizons | max, 'as_of_dates.as_of_date') }}
    group by
        purchases.customer_id,
        as_of_dates.as_of_date
),

final as (
    select
        customers.customer_id,
        customers.as_of_date,
        {%- for days in horizons %}
        case
            when {{ has_matured('customers.as_of_date', days + var('label_grace_days'), 'orders') }}
                then coalesce(next_purchases.purchase_count_{{ days }}d, 0) > 0
        end as has_purchase_{{ days }}d{{ ',' if not loop.last }}
        {%- endfor %}
    from customers
    inner join as_of_dates on customers.as_of_date = as_of_dates.as_of_date
    left join next_purchases
        on
            customers.customer_id = next_purchases.customer_id
            and customers.as_of_date = next_purchases.as_of_date
)

select * from final
