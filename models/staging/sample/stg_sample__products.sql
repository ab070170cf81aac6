with source as (
    {{ distinct_rows(ref('raw_sample__products'), [clean_id('product_id')]) }}
),

typed as (
    select
        {{ read_columns('products') }},
        raw_hash,
        raw_copies,
        is_conflicting
    from source
),

final as (
    select
        typed.*,
        {{ quarantine_reason(contract_rules('products', is_read=true), {'conflicting_id': 'is_conflicting'}) }} as quarantine_reason
    from typed
)

select * from final
