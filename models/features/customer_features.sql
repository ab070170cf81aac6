with as_of_dates as (
    {{ due_as_of_dates(maturing={'has_purchase_7d': 7, 'has_purchase_30d': 30, 'has_purchase_90d': 90}) }}
),

demographics as (
    select * from {{ ref('customer_demographic_features') }}
),

orders as (
    select * from {{ ref('customer_order_features') }}
),

products as (
    select * from {{ ref('customer_product_features') }}
),

sessions as (
    select * from {{ ref('customer_session_features') }}
),

engagement as (
    select * from {{ ref('customer_engagement_features') }}
),

labels as (
    select * from {{ ref('customer_purchase_labels') }}
),

final as (
    select
        demographics.customer_id,
        demographics.as_of_date,
        coalesce(products.favourite_category, 'none') as favourite_category,
        demographics.tenure_days,
        demographics.age_years,
        demographics.is_female,
        demographics.annual_salary,
        demographics.salary_to_region_ratio,
        demographics.has_marketing_consent,
        coalesce(orders.order_count_7d, 0) as order_count_7d,
        coalesce(orders.order_count_30d, 0) as order_count_30d,
        coalesce(orders.order_count_90d, 0) as order_count_90d,
        coalesce(orders.order_count_365d, 0) as order_count_365d,
        coalesce(orders.order_count_lifetime, 0) as order_count_lifetime,
        coalesce(orders.order_amount_7d, 0) as order_amount_7d,
        coalesce(orders.order_amount_30d, 0) as order_amount_30d,
        coalesce(orders.order_amount_90d, 0) as order_amount_90d,
        coalesce(orders.order_amount_365d, 0) as order_amount_365d,
        orders.days_since_last_order,
        orders.days_since_first_order,
        orders.order_count_trend_30d,
        orders.order_count_trend_90d,
        orders.order_amount_trend_90d,
        orders.days_between_orders_mean,
        orders.days_between_orders_variation,
        orders.order_overdue_ratio,
        orders.basket_amount_mean_365d,
        orders.basket_quantity_mean_365d,
        orders.basket_lines_mean_365d,
        orders.discount_share_365d,
        coalesce(orders.return_count_365d, 0) as return_count_365d,
        coalesce(orders.cancellation_count_365d, 0) as cancellation_count_365d,
        orders.reversal_rate_365d,
        coalesce(products.category_count_90d, 0) as category_count_90d,
        coalesce(products.category_count_365d, 0) as category_count_365d,
        coalesce(products.product_count_365d, 0) as product_count_365d,
        products.product_variety_365d,
        products.favourite_category_share_365d,
        products.days_since_favourite_category_365d,
        products.unit_price_mean_365d,
        coalesce(sessions.session_count_7d, 0) as session_count_7d,
        coalesce(sessions.session_count_30d, 0) as session_count_30d,
        coalesce(sessions.session_count_90d, 0) as session_count_90d,
        coalesce(sessions.session_count_365d, 0) as session_count_365d,
        sessions.days_since_last_session_365d,
        sessions.session_count_trend_30d,
        sessions.product_pages_mean_90d,
        sessions.session_seconds_mean_90d,
        sessions.bounce_rate_mean_90d,
        sessions.exit_rate_mean_90d,
        sessions.page_value_mean_90d,
        sessions.weekend_session_share_90d,
        sessions.purchase_session_share_365d,
        coalesce(engagement.impression_count_30d, 0) as impression_count_30d,
        coalesce(engagement.impression_count_90d, 0) as impression_count_90d,
        coalesce(engagement.click_count_30d, 0) as click_count_30d,
        coalesce(engagement.click_count_90d, 0) as click_count_90d,
        coalesce(engagement.social_action_count_90d, 0) as social_action_count_90d,
        coalesce(engagement.follow_count_365d, 0) as follow_count_365d,
        coalesce(engagement.campaign_count_90d, 0) as campaign_count_90d,
        engagement.days_since_last_response_365d,
        engagement.click_rate_90d,
        engagement.click_rate_365d,
        engagement.email_click_rate_90d,
        engagement.social_action_rate_365d,
        labels.has_purchase_7d,
        labels.has_purchase_30d,
        labels.has_purchase_90d
    from demographics
    inner join as_of_dates on demographics.as_of_date = as_of_dates.as_of_date
    left join orders
        on
            demographics.customer_id = orders.customer_id
            and demographics.as_of_date = orders.as_of_date
    left join products
        on
            demographics.customer_id = products.customer_id
            and demographics.as_of_date = products.as_of_date
    left join sessions
        on
            demographics.customer_id = sessions.customer_id
            and demographics.as_of_date = sessions.as_of_date
    left join engagement
        on
            demographics.customer_id = engagement.customer_id
            and demographics.as_of_date = engagement.as_of_date
    left join labels
        on
            demographics.customer_id = labels.customer_id
            and demographics.as_of_date = labels.as_of_date
)

select * from final
