with customers as (
    select *
    from {{ ref('stg_social_network_ads__customers') }}
    where quarantine_reason is null
),

-- The campaign's outcome, as what it was: an order two weeks after the as-of date.
final as (
    select
        'campaign-' || customer_id as order_id,
        customer_id,
        cast(null as string) as session_id,
        'social-network-ads' as campaign_id,
        'purchase' as order_type,
        cast(null as string) as original_order_id,
        cast('2020-01-15' as timestamp) as ordered_at,
        cast('2020-01-15' as timestamp) as known_at
    from customers
    where has_purchased
)

select * from final
