with customers as (
    select * from {{ ref('customer_features') }}
),

bands as (
    select * from {{ ref('segment_bands') }}
),

{%- set dimensions = {} %}
{%- for level in segment_levels() %}{% do dimensions.update(level.dimensions) %}{% endfor %}

placed as (
    select
        customers.customer_id,
        customers.as_of_date
        {%- for dimension in dimensions %},
        {{ dimension }}.band_id as {{ dimension }}_id
        {%- endfor %}
    from customers
    {%- for dimension, feature in dimensions.items() %}
    inner join bands as {{ dimension }}
        on
            {{ in_band(dimension, dimension, 'customers.' ~ feature) }}
    {%- endfor %}
),

-- Names and rules are built once per combination of bands, which many customers share.
places as (
    select distinct
        {%- for dimension in dimensions %}
        {{ dimension }}_id{{ ',' if not loop.last }}
        {%- endfor %}
    from placed
),

banded as (
    select
        places.*
        {%- for dimension, feature in dimensions.items() %},
        {{ dimension }}.band_name as {{ dimension }}_name,
        {{ band_rule(dimension, feature) }} as {{ dimension }}_rule
        {%- endfor %}
    from places
    {%- for dimension in dimensions %}
    inner join bands as {{ dimension }}
        on
            {{ dimension }}.dimension = '{{ dimension }}'
            and places.{{ dimension }}_id = {{ dimension }}.band_id
    {%- endfor %}
),

-- What each level adds to the name. Customers who never bought have no recency, frequency and money to name.
parts as (
    select
        {%- for dimension in dimensions %}
        {{ dimension }}_id,
        {%- endfor %}
        {%- for level in segment_levels() %}
        {%- set added = level.dimensions.keys() | list %}
        {{ added | join("_id || '-' || ") }}_id as {{ level.name }}_part_id,
        {{ added | join("_rule || ' and ' || ") }}_rule as {{ level.name }}_part_rule,
        {%- if level.name == 'rfm' %}
        case
            when recency_id = 'r0' then ''
            else ' | ' || recency_name || ', ' || frequency_name || ', ' || monetary_name
        end as {{ level.name }}_part_name
        {%- else %}
        {{ "' | ' || " if level.parent }}{{ added | join("_name || ', ' || ") }}_name as {{ level.name }}_part_name
        {%- endif %}
        {{- ',' if not loop.last }}
        {%- endfor %}
    from banded
),

paths as (
    select
        {%- for dimension in dimensions %}
        {{ dimension }}_id,
        {%- endfor %}
        {%- set names = [] %}
        {%- for level in segment_levels() %}
        {%- do names.append(level.name) %}
        {{ names | join("_part_id || '/' || ") }}_part_id as {{ level.name }}_segment_id,
        {{ names | join('_part_name || ') }}_part_name as {{ level.name }}_segment_name,
        {%- endfor %}
        {{ names | join("_part_rule || ' and ' || ") }}_part_rule as segment_rule
    from parts
),

final as (
    select
        placed.customer_id,
        placed.as_of_date
        {%- for level in segment_levels() %},
        paths.{{ level.name }}_segment_id,
        paths.{{ level.name }}_segment_name
        {%- endfor %},
        paths.segment_rule
    from placed
    inner join paths
        on
            {%- for dimension in dimensions %}
            {{ 'and ' if not loop.first }}placed.{{ dimension }}_id = paths.{{ dimension }}_id
            {%- endfor %}
)

select * from final
