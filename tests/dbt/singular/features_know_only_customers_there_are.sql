-- Every customer with features is in the marts. Others come from another source or from older staging: dbt build --full-refresh.
with features as (
    select distinct customer_id from {{ ref('customer_features') }}
),

customers as (
    select * from {{ ref('customers') }}
),

strangers as (
    select features.customer_id
    from features
    left join customers on features.customer_id = customers.customer_id
    where customers.customer_id is null
)

select * from strangers
