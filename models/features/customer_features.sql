{%- set columns = columns_with_role('customer_features', 'feature', 'label') %}
{%- set label_names = columns | selectattr('meta.role', 'equalto', 'label') | map(attribute='name') | list %}

with as_of_dates as (
    {{ due_as_of_dates(labels=label_names, labelled=ref('int_customer_purchases_labelled')) }}
),

demographics as (
    select * from {{ ref('int_customers_known') }}
),

orders as (
    select * from {{ ref('int_customer_orders_aggregated') }}
),

products as (
    select * from {{ ref('int_customer_products_aggregated') }}
),

sessions as (
    select * from {{ ref('int_customer_sessions_aggregated') }}
),

engagement as (
    select * from {{ ref('int_customer_engagements_aggregated') }}
),

labels as (
    select * from {{ ref('int_customer_purchases_labelled') }}
),

-- The YAML lists the features and labels. The group of a feature names the relation that has it.
final as (
    select
        demographics.customer_id,
        demographics.as_of_date,
        {%- for column in columns %}
        {{ column_of_group(column) }},
        {%- endfor %}
        coalesce(products.favourite_category, 'none') as favourite_category
    from demographics
    inner join as_of_dates on demographics.as_of_date = as_of_dates.as_of_date
    left join orders
        on
            demographics.customer_id = orders.customer_id
            and demographics.as_of_date = orders.as_of_date
    left join products
        on
            demographics.customer_id = products.customer_id
            and demographics.as_of_date = products.as_of_date
    left join sessions
        on
            demographics.customer_id = sessions.customer_id
            and demographics.as_of_date = sessions.as_of_date
    left join engagement
        on
            demographics.customer_id = engagement.customer_id
            and demographics.as_of_date = engagement.as_of_date
    left join labels
        on
            demographics.customer_id = labels.customer_id
            and demographics.as_of_date = labels.as_of_date
)

select * from final
