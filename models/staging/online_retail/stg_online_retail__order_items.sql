with source as (
    {{ distinct_rows(ref('raw_online_retail__order_items')) }}
),

-- A stock code is the same in upper and lower case.
typed as (
    select
        {{ synthetic_key('or-', [
            'invoice_number', 'stock_code', 'description', 'quantity', 'invoice_date', 'unit_price', 'customer_number', 'country',
        ]) }} as order_item_id,
        upper({{ clean_text('invoice_number') }}) as order_id,
        case
            when {{ clean_integer('invoice_number') }} is not null then 'purchase'
            when upper({{ clean_text('invoice_number') }}) like 'C%' then 'cancellation'
            when upper({{ clean_text('invoice_number') }}) like 'A%' then 'adjustment'
        end as order_type,
        {{ clean_id('customer_number') }} as customer_id,
        nullif({{ clean_text('country') }}, 'Unspecified') as region,
        upper({{ clean_text('stock_code') }}) as product_id,
        {{ clean_text('description') }} as product_name,
        {{ clean_integer('quantity') }} as quantity,
        {{ try_cast('unit_price', 'double') }} as exact_price,
        {{ try_cast('unit_price', 'decimal(18, 2)') }} as unit_price,
        cast(null as decimal(18, 2)) as discount_amount,
        {{ try_cast('invoice_date', 'timestamp') }} as ordered_at,
        {{ try_cast('invoice_date', 'timestamp') }} as known_at,
        raw_hash,
        raw_copies
    from source
),

-- An invoice has one customer, or none.
invoices as (
    select
        order_id,
        count(distinct coalesce(customer_id, '')) as customers
    from typed
    group by order_id
),

final as (
    select
        typed.*,
        {{ quarantine_reason({
            'missing_id': 'typed.order_id is null or typed.product_id is null',
            'missing_time': 'typed.ordered_at is null',
            'unreadable_value': 'typed.quantity is null or typed.unit_price is null',
            'unknown_order_type': 'typed.order_type is null',
            'adjustment': "typed.order_type = 'adjustment'",
            'positive_cancellation': "typed.quantity > 0 and typed.order_type = 'cancellation'",
            'negative_price': 'typed.exact_price < 0',
            'no_price': 'typed.exact_price = 0',
            'conflicting_customer': 'invoices.customers > 1',
        }, contract_rules('order_items', 'typed')) }} as quarantine_reason
    from typed
    left join invoices on typed.order_id = invoices.order_id
)

select * from final
