{{ config(
    materialized='incremental', incremental_strategy='delete+insert', unique_key='as_of_date', on_schema_change='fail'
) }}

{%- set tables = [] %}
{%- for name in var('monitored_tables') %}{% do tables.append(feature_table(name)) %}{% endfor %}

with
{%- for table in tables %}
{{ table.name }}_places as (
    {%- for feature in table.features or ['none'] %}
    select
        {{ loop.index }} as place,
        '{{ feature }}' as feature
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
),

{{ table.name }}_turned as (
    select
        '{{ table.name }}' as feature_table,
        places.feature,
        cast(entities.{{ table.as_of }} as date) as as_of_date,
        case places.place
            {%- for feature in table.features %}
            when {{ loop.index }} then cast(entities.{{ feature }} as double)
            {%- else %}
            when 0 then cast(null as double)
            {%- endfor %}
        end as feature_value
    from {{ ref(table.name) }} as entities
    cross join {{ table.name }}_places as places
    where entities.{{ table.as_of }} in ({{ due_as_of_dates() }})
),
{% endfor %}
turned as (
    {%- for table in tables %}
    select * from {{ table.name }}_turned
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
),

final as (
    select
        feature_table,
        feature,
        as_of_date,
        {{ histogram_bin('feature_value') }} as bin,
        count(*) as row_count
    from turned
    group by
        feature_table,
        feature,
        as_of_date,
        {{ histogram_bin('feature_value') }}
)

select * from final
