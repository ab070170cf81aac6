with customers as (
    select *
    from {{ ref('stg_hillstrom__customers') }}
    where quarantine_reason is null
),

-- That a customer came in the two weeks after the e-mails is all that is known of the visit.
final as (
    select
        'visit-' || customer_id as session_id,
        customer_id,
        cast('2008-01-15' as timestamp) as started_at,
        {%- for column, type in canonical_columns('web_sessions').items() %}
        {%- if column not in ['session_id', 'customer_id', 'started_at', 'has_purchase', 'known_at'] %}
        cast(null as {{ type }}) as {{ column }},
        {%- endif %}
        {%- endfor %}
        has_converted as has_purchase,
        cast('2008-01-15' as timestamp) as known_at
    from customers
    where has_visited
)

select * from final
