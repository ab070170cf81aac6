with source as (
    {{ distinct_rows(ref('raw_sample__social_engagements'), [clean_id('engagement_id')]) }}
),

parent as (
    select
        customer_id,
        count(case when quarantine_reason is null then 1 end) as clean_rows
    from {{ ref('stg_sample__customers') }}
    group by customer_id
),

typed as (
    select
        {{ read_columns('social_engagements') }},
        raw_hash,
        raw_copies,
        is_conflicting
    from source
),

final as (
    select
        typed.*,
        {{ quarantine_reason(contract_rules('social_engagements', 'typed', is_read=true), {
            'unknown_customer': 'parent.customer_id is null',
            'customer_quarantined': 'parent.clean_rows = 0',
            'conflicting_id': 'typed.is_conflicting',
        }) }} as quarantine_reason
    from typed
    left join parent on typed.customer_id = parent.customer_id
)

select * from final
