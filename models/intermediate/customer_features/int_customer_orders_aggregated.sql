with as_of_dates as (
    {{ due_as_of_dates() }}
),

orders as (
    select *
    from {{ ref('orders') }}
    where customer_id is not null
),

items as (
    select *
    from {{ ref('order_items') }}
    where customer_id is not null
),

known_orders as (
    select
        orders.customer_id,
        as_of_dates.as_of_date,
        orders.order_type,
        {{ days_before('orders.ordered_at', 'as_of_dates.as_of_date') }} as days_ago
    from as_of_dates
    inner join orders on {{ was_known('orders', 'ordered_at', 'as_of_dates.as_of_date') }}
),

known_items as (
    select
        items.customer_id,
        items.order_id,
        as_of_dates.as_of_date,
        items.order_type,
        items.quantity,
        items.gross_amount,
        items.discount_amount,
        items.net_amount,
        {{ days_before('items.ordered_at', 'as_of_dates.as_of_date') }} as days_ago
    from as_of_dates
    inner join items
        on
            {{ was_known('items', 'ordered_at', 'as_of_dates.as_of_date') }}
            and items.ordered_at >= {{ dbt.dateadd('day', -365, 'as_of_dates.as_of_date') }}
),

-- Days with an order, because two orders on one day are not an interval.
purchase_days as (
    select
        customer_id,
        as_of_date,
        days_ago,
        count(*) as orders
    from known_orders
    where order_type = 'purchase'
    group by
        customer_id,
        as_of_date,
        days_ago
),

spaced_days as (
    select
        purchase_days.*,
        lag(days_ago) over (partition by customer_id, as_of_date order by days_ago desc) - days_ago as gap_days
    from purchase_days
),

rhythm as (
    select
        customer_id,
        as_of_date,
        {%- for days in [7, 30, 90, 365] %}
        {{ sum_within(days, 'orders') }} as order_count_{{ days }}d,
        {%- endfor %}
        sum(orders) as order_count,
        min(days_ago) as days_since_last_order,
        max(days_ago) as days_since_first_order,
        {{ mean_within(100000, 'gap_days') }} as mean_gap_days,
        {{ mean_within(100000, 'gap_days * gap_days') }} as mean_squared_gap_days
    from spaced_days
    group by
        customer_id,
        as_of_date
),

-- Starts from all order types, because a customer who only returns has an amount but no purchase.
reversals as (
    select
        customer_id,
        as_of_date,
        {{ count_within(365, "order_type = 'return'") }} as return_count_365d,
        {{ count_within(365, "order_type = 'cancellation'") }} as cancellation_count_365d
    from known_orders
    group by
        customer_id,
        as_of_date
),

amounts as (
    select
        customer_id,
        as_of_date,
        {%- for days in [7, 30, 90, 365] %}
        {{ sum_within(days, 'net_amount') }} as order_amount_{{ days }}d,
        {%- endfor %}
        {{ sum_within(365, 'gross_amount', "order_type = 'purchase'") }} as gross_amount_365d,
        {{ sum_within(365, 'discount_amount', "order_type = 'purchase'") }} as discount_amount_365d,
        {{ sum_within(365, 'quantity', "order_type = 'purchase'") }} as quantity_365d,
        {{ count_within(365, "order_type = 'purchase'") }} as line_count_365d,
        count(distinct case when order_type = 'purchase' then order_id end) as filled_order_count_365d
    from known_items
    group by
        customer_id,
        as_of_date
),

final as (
    select
        reversals.customer_id,
        reversals.as_of_date,
        {%- for days in [7, 30, 90, 365] %}
        {{ as_feature('rhythm.order_count_' ~ days ~ 'd') }} as order_count_{{ days }}d,
        {%- endfor %}
        {{ as_feature('rhythm.order_count') }} as order_count_lifetime,
        {%- for days in [7, 30, 90, 365] %}
        {{ as_feature('amounts.order_amount_' ~ days ~ 'd') }} as order_amount_{{ days }}d,
        {%- endfor %}
        {{ as_feature('rhythm.days_since_last_order') }} as days_since_last_order,
        {{ as_feature('rhythm.days_since_first_order') }} as days_since_first_order,
        {{ as_feature(ratio('rhythm.order_count_30d * 3', 'rhythm.order_count_90d')) }} as order_count_trend_30d,
        {{ as_feature(ratio('rhythm.order_count_90d * 365', 'rhythm.order_count_365d * 90')) }} as order_count_trend_90d,
        {{ as_feature(ratio('greatest(amounts.order_amount_90d, 0) * 365', 'greatest(amounts.order_amount_365d, 0) * 90')) }} as order_amount_trend_90d,
        {{ as_feature('rhythm.mean_gap_days') }} as days_between_orders_mean,
        {{ as_feature(ratio(
            'sqrt(greatest(rhythm.mean_squared_gap_days - rhythm.mean_gap_days * rhythm.mean_gap_days, 0))',
            'rhythm.mean_gap_days'
        )) }} as days_between_orders_variation,
        {{ as_feature(ratio('rhythm.days_since_last_order', 'rhythm.mean_gap_days')) }} as order_overdue_ratio,
        {{ as_feature(ratio('amounts.gross_amount_365d - amounts.discount_amount_365d', 'amounts.filled_order_count_365d')) }}
            as basket_amount_mean_365d,
        {{ as_feature(ratio('amounts.quantity_365d', 'amounts.filled_order_count_365d')) }} as basket_quantity_mean_365d,
        {{ as_feature(ratio('amounts.line_count_365d', 'amounts.filled_order_count_365d')) }} as basket_lines_mean_365d,
        {{ as_feature(ratio('amounts.discount_amount_365d', 'amounts.gross_amount_365d')) }} as discount_share_365d,
        {{ as_feature('reversals.return_count_365d') }} as return_count_365d,
        {{ as_feature('reversals.cancellation_count_365d') }} as cancellation_count_365d,
        {{ as_feature(ratio('reversals.return_count_365d + reversals.cancellation_count_365d', 'rhythm.order_count_365d')) }}
            as reversal_rate_365d
    from reversals
    left join rhythm
        on
            reversals.customer_id = rhythm.customer_id
            and reversals.as_of_date = rhythm.as_of_date
    left join amounts
        on
            reversals.customer_id = amounts.customer_id
            and reversals.as_of_date = amounts.as_of_date
)

select * from final
