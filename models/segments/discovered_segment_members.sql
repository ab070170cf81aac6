{% set table = feature_table('customer_features') %}

with customers as (
    select * from {{ ref('customer_features') }}
),

conditions as (
    select *
    from {{ source('registry', 'discovered_segments') }}
    where
        status = 'confirmed'
        and task in ({{ table.task_names }})
),

-- One row per rule with all its conditions, so that each customer joins each rule once.
rules as (
    select
        task,
        segment_id
        {%- for number in [1, 2, 3] %},
        max(case when condition_number = {{ number }} then feature end) as feature_{{ number }},
        max(case when condition_number = {{ number }} then low end) as low_{{ number }},
        max(case when condition_number = {{ number }} then high end) as high_{{ number }},
        max(case when condition_number = {{ number }} then missing end) as missing_{{ number }}
        {%- endfor %}
    from conditions
    group by
        task,
        segment_id
),

final as (
    select
        rules.task,
        rules.segment_id,
        customers.customer_id,
        customers.as_of_date
    from customers
    inner join rules
        on
            {%- for number in [1, 2, 3] %}
            {{ 'and ' if not loop.first }}(
                rules.feature_{{ number }} is null
                or {{ meets_condition(
                    value_of_feature('rules.feature_' ~ number, 'customers', table.features),
                    'rules.low_' ~ number,
                    'rules.high_' ~ number,
                    'rules.missing_' ~ number
                ) }}
            )
            {%- endfor %}
)

select * from final
