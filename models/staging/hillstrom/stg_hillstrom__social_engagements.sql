with customers as (
    select *
    from {{ ref('stg_hillstrom__customers') }}
    where quarantine_reason is null
),

final as (
    select
        'e-mail-' || customer_id as engagement_id,
        customer_id,
        campaign_id,
        'email' as channel,
        'impression' as action,
        cast('2008-01-01' as timestamp) as engaged_at,
        cast('2008-01-01' as timestamp) as known_at
    from customers
    where campaign_id is not null
)

select * from final
