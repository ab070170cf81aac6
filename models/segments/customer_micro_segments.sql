{% set dimensions = {
    'life_cycle': 'days_since_last_order',
    'recency': 'days_since_last_order',
    'frequency': 'order_count_365d',
    'monetary': 'order_amount_365d',
    'age': 'age_years',
    'salary': 'annual_salary',
} %}

with customers as (
    select * from {{ ref('customer_features') }}
),

bands as (
    select * from {{ ref('segment_bands') }}
),

banded as (
    select
        customers.customer_id,
        customers.as_of_date
        {%- for dimension in dimensions %},
        {{ dimension }}.band_id as {{ dimension }}_id,
        {{ dimension }}.band_name as {{ dimension }}_name
        {%- endfor %}
    from customers
    {%- for dimension, feature in dimensions.items() %}
    inner join bands as {{ dimension }}
        on
            {{ in_band(dimension, dimension, 'customers.' ~ feature) }}
    {%- endfor %}
),

-- Recency, frequency and money say nothing about a customer who never bought.
named as (
    select
        banded.*,
        life_cycle_id || '/' || recency_id || '-' || frequency_id || '-' || monetary_id as rfm_id,
        case
            when recency_id = 'r0' then life_cycle_name
            else life_cycle_name || ' | ' || recency_name || ', ' || frequency_name || ', ' || monetary_name
        end as rfm_name
    from banded
),

final as (
    select
        customer_id,
        as_of_date,
        life_cycle_id as life_cycle_segment_id,
        life_cycle_name as life_cycle_segment_name,
        rfm_id as rfm_segment_id,
        rfm_name as rfm_segment_name,
        rfm_id || '/' || age_id || '-' || salary_id as demographic_segment_id,
        rfm_name || ' | ' || age_name || ', ' || salary_name as demographic_segment_name
    from named
)

select * from final
