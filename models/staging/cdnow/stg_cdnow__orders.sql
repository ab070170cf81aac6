with source as (
    {{ distinct_rows(ref('raw_cdnow__orders')) }}
),

spaced as (
    select
        source.*,
        {{ single_spaces('line') }} as fields
    from source
),

split as (
    select
        {%- for field in ['customer_id', 'day', 'cds', 'dollars', 'rest'] %}
        {{ clean_text(dbt.split_part('fields', "' '", loop.index)) }} as raw_{{ field }},
        {%- endfor %}
        line,
        raw_hash,
        raw_copies
    from spaced
),

dated as (
    select
        split.*,
        {{ parse_timestamp('raw_day', '%Y%m%d') }} as ordered_at
    from split
),

typed as (
    select
        {{ synthetic_key('cd-', ['line']) }} as order_id,
        {{ clean_id('raw_customer_id') }} as customer_id,
        cast(null as string) as session_id,
        cast(null as string) as campaign_id,
        'purchase' as order_type,
        cast(null as string) as original_order_id,
        ordered_at,
        ordered_at as known_at,
        {{ clean_integer('raw_cds') }} as quantity,
        {{ try_cast('raw_dollars', 'decimal(18, 2)') }} as amount,
        raw_rest is not null as has_more_fields,
        raw_hash,
        raw_copies
    from dated
),

final as (
    select
        typed.*,
        {{ quarantine_reason({
            'missing_id': 'customer_id is null',
            'unreadable_value': 'quantity is null or amount is null or has_more_fields',
            'zero_quantity': 'quantity = 0',
            'unexplained_negative_quantity': 'quantity < 0',
            'negative_price': 'amount < 0',
        }, contract_rules('orders')) }} as quarantine_reason
    from typed
)

select * from final
