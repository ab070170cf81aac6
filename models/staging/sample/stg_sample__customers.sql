with source as (
    {{ distinct_rows(ref('raw_sample__customers'), [clean_id('customer_id'), try_cast('valid_from', 'timestamp')]) }}
),

typed as (
    select
        {{ read_columns('customers') }},
        raw_hash,
        raw_copies,
        is_conflicting
    from source
),

final as (
    select
        typed.*,
        {{ quarantine_reason(contract_rules('customers', is_read=true), {'conflicting_id': 'is_conflicting'}) }} as quarantine_reason
    from typed
)

select * from final
