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
        {%- for level in segment_levels() %}
        {%- for dimension, feature in level.dimensions.items() %},
        {{ dimension }}.band_id as {{ dimension }}_id,
        {{ dimension }}.band_name as {{ dimension }}_name,
        {{ band_rule(dimension, feature) }} as {{ dimension }}_rule
        {%- endfor %}
        {%- endfor %}
    from customers
    {%- for level in segment_levels() %}
    {%- for dimension, feature in level.dimensions.items() %}
    inner join bands as {{ dimension }}
        on
            {{ in_band(dimension, dimension, 'customers.' ~ feature) }}
    {%- endfor %}
    {%- endfor %}
),

-- What each level adds. Recency, frequency and money say nothing about a customer who never bought.
parts as (
    select
        customer_id,
        as_of_date
        {%- for level in segment_levels() %}
        {%- set dimensions = level.dimensions.keys() | list %},
        {{ dimensions | join("_id || '-' || ") }}_id as {{ level.name }}_part_id,
        {{ dimensions | join("_rule || ' and ' || ") }}_rule as {{ level.name }}_part_rule,
        {%- if level.name == 'rfm' %}
        case
            when recency_id = 'r0' then ''
            else ' | ' || recency_name || ', ' || frequency_name || ', ' || monetary_name
        end as {{ level.name }}_part_name
        {%- else %}
        {{ "' | ' || " if level.parent }}{{ dimensions | join("_name || ', ' || ") }}_name as {{ level.name }}_part_name
        {%- endif %}
        {%- endfor %}
    from banded
),

final as (
    select
        customer_id,
        as_of_date
        {%- set names = [] %}
        {%- for level in segment_levels() %}
        {%- do names.append(level.name) %},
        {{ names | join("_part_id || '/' || ") }}_part_id as {{ level.name }}_segment_id,
        {{ names | join('_part_name || ') }}_part_name as {{ level.name }}_segment_name
        {%- endfor %},
        {{ names | join("_part_rule || ' and ' || ") }}_part_rule as segment_rule
    from parts
)

select * from final
