with customers as (
    select *
    from {{ ref('stg_hillstrom__customers') }}
    where quarantine_reason is null
),

-- What a customer spent in the year before the e-mails, as one order on the day the file gives for the last one. The months are
-- counted back from the as-of date, the day after the e-mails, so that twelve of them lie within its 365 days.
history as (
    select
        'history-' || customer_id as order_id,
        customer_id,
        cast(null as string) as session_id,
        cast(null as string) as campaign_id,
        case
            when has_bought_mens and has_bought_womens then 'mens-and-womens'
            when has_bought_mens then 'mens'
            when has_bought_womens then 'womens'
        end as product_id,
        history_amount as amount,
        cast({{ dbt.dateadd('month', '-recency_months', "cast('2008-01-02' as timestamp)") }} as timestamp) as ordered_at
    from customers
),

-- The outcome, two weeks after the e-mails: the file says no closer when. The control group has no campaign.
outcome as (
    select
        'campaign-' || customer_id as order_id,
        customer_id,
        'visit-' || customer_id as session_id,
        campaign_id,
        cast(null as string) as product_id,
        spend_amount as amount,
        cast('2008-01-15' as timestamp) as ordered_at
    from customers
    where has_converted
),

unioned as (
    select * from history
    union all
    select * from outcome
),

final as (
    select
        unioned.*,
        'purchase' as order_type,
        cast(null as string) as original_order_id,
        ordered_at as known_at
    from unioned
)

select * from final
