with source as (
    {{ distinct_rows(ref('raw_sample__web_sessions'), [clean_id('session_id')]) }}
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
        {{ read_columns('web_sessions') }},
        raw_hash,
        raw_copies,
        is_conflicting
    from source
),

final as (
    select
        typed.*,
        {{ quarantine_reason(contract_rules('web_sessions', 'typed', is_read=true), {
            'unknown_customer': 'typed.customer_id is not null and parent.customer_id is null',
            'customer_quarantined': 'typed.customer_id is not null and parent.clean_rows = 0',
            'conflicting_id': 'typed.is_conflicting',
        }) }} as quarantine_reason
    from typed
    left join parent on typed.customer_id = parent.customer_id
)

select * from final
