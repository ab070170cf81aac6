with as_of_dates as (
    {{ due_as_of_dates() }}
),

items as (
    select *
    from {{ ref('order_items') }}
    where
        customer_id is not null
        and order_type = 'purchase'
),

known_items as (
    select
        items.customer_id,
        as_of_dates.as_of_date,
        items.product_id,
        items.category,
        items.quantity,
        items.gross_amount,
        {{ days_before('items.ordered_at', 'as_of_dates.as_of_date') }} as days_ago
    from as_of_dates
    inner join items
        on
            {{ was_known('items', 'ordered_at', 'as_of_dates.as_of_date') }}
            and items.ordered_at >= {{ dbt.dateadd('day', -365, 'as_of_dates.as_of_date') }}
),

categories as (
    select
        customer_id,
        as_of_date,
        category,
        count(*) as lines,
        min(days_ago) as days_since_last
    from known_items
    group by
        customer_id,
        as_of_date,
        category
),

ranked_categories as (
    select
        categories.*,
        row_number() over (partition by customer_id, as_of_date order by lines desc, days_since_last asc, category asc)
            as category_rank
    from categories
),

favourites as (
    select *
    from ranked_categories
    where category_rank = 1
),

totals as (
    select
        customer_id,
        as_of_date,
        count(*) as lines,
        count(distinct category) as category_count_365d,
        count(distinct case when days_ago <= 90 then category end) as category_count_90d,
        count(distinct product_id) as product_count_365d,
        {{ ratio('sum(gross_amount)', 'sum(quantity)') }} as unit_price_mean_365d
    from known_items
    group by
        customer_id,
        as_of_date
),

final as (
    select
        totals.customer_id,
        totals.as_of_date,
        favourites.category as favourite_category,
        {{ as_feature('totals.category_count_90d') }} as category_count_90d,
        {{ as_feature('totals.category_count_365d') }} as category_count_365d,
        {{ as_feature('totals.product_count_365d') }} as product_count_365d,
        {{ as_feature(ratio('totals.product_count_365d', 'totals.lines')) }} as product_variety_365d,
        {{ as_feature(ratio('favourites.lines', 'totals.lines')) }} as favourite_category_share_365d,
        {{ as_feature('favourites.days_since_last') }} as days_since_favourite_category_365d,
        {{ as_feature('totals.unit_price_mean_365d') }} as unit_price_mean_365d
    from totals
    inner join favourites
        on
            totals.customer_id = favourites.customer_id
            and totals.as_of_date = favourites.as_of_date
)

select * from final
