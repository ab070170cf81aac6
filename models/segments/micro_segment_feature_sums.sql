{% set features = columns_with_role('customer_features', 'feature') %}
{% set levels = segment_levels() %}
{% set segment = [
    'level', 'segment_id', 'segment_name', 'parent_segment_id', 'parent_segment_name', 'as_of_date', 'customers',
] %}

with customers as (
    select *
    from {{ ref('customer_features') }}
    where as_of_date = (select max(newest.as_of_date) from {{ ref('customer_features') }} as newest)
),

segments as (
    select *
    from {{ ref('customer_micro_segments') }}
    where as_of_date = (select max(newest.as_of_date) from {{ ref('customer_features') }} as newest)
),

-- One pass over the customers sums the finest segments. The coarser levels then add up few rows.
finest as (
    select
        segments.{{ levels[-1].name }}_segment_id as finest_segment_id,
        segments.as_of_date,
        {%- for feature in features %}
        count(customers.{{ feature.name }}) as count_{{ loop.index }},
        sum(cast(customers.{{ feature.name }} as double)) as sum_{{ loop.index }},
        sum(cast(customers.{{ feature.name }} as double) * customers.{{ feature.name }}) as squares_{{ loop.index }},
        {%- endfor %}
        count(*) as customers
    from segments
    inner join customers
        on
            segments.customer_id = customers.customer_id
            and segments.as_of_date = customers.as_of_date
    group by
        segments.{{ levels[-1].name }}_segment_id,
        segments.as_of_date
),

places as (
    select distinct
        as_of_date
        {%- for level in levels %},
        {{ level.name }}_segment_id,
        {{ level.name }}_segment_name
        {%- endfor %}
    from segments
),

around as (
    {%- for level in levels %}
    select
        {{ loop.index }} as level,
        {{ level.name }}_segment_id as segment_id,
        {{ level.name }}_segment_name as segment_name,
        {{ level.parent ~ '_segment_id' if level.parent else "'everyone'" }} as parent_segment_id,
        {{ level.parent ~ '_segment_name' if level.parent else "'Everyone'" }} as parent_segment_name,
        {{ levels[-1].name }}_segment_id as finest_segment_id,
        as_of_date
    from places
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
),

summed as (
    select
        around.{{ segment[:-1] | join(',\n        around.') }},
        {%- for feature in features %}
        cast(sum(finest.count_{{ loop.index }}) as bigint) as count_{{ loop.index }},
        sum(finest.sum_{{ loop.index }}) as sum_{{ loop.index }},
        sum(finest.squares_{{ loop.index }}) as squares_{{ loop.index }},
        {%- endfor %}
        cast(sum(finest.customers) as bigint) as customers
    from around
    inner join finest
        on
            around.finest_segment_id = finest.finest_segment_id
            and around.as_of_date = finest.as_of_date
    group by around.{{ segment[:-1] | join(', around.') }}
),

features as (
    {%- for feature in features %}
    select
        {{ loop.index }} as place,
        '{{ feature.name }}' as feature,
        '{{ (feature.meta.get('label') or feature.name.replace('_', ' ')) | replace("'", "''") }}' as feature_label,
        '{{ feature.meta.get('group') or 'other' }}' as feature_group,
        '{{ modules.re.sub('_([0-9]+d|lifetime)$', '', feature.name) }}' as feature_theme,
        {{ 'true' if modules.re.search('^(is|has)_|_(share|rate)(_|$)', feature.name) else 'false' }} as is_share
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
),

turned as (
    select
        {% for column in segment %}summed.{{ column }}, {% endfor %}
        features.feature,
        features.feature_label,
        features.feature_group,
        features.feature_theme,
        features.is_share,
        {%- for part in ['count', 'sum', 'squares'] %}
        case features.place
            {%- for feature in features %}
            when {{ loop.index }} then summed.{{ part }}_{{ loop.index }}
            {%- endfor %}
        end as {{ part }}_known{{ ',' if not loop.last }}
        {%- endfor %}
    from summed
    cross join features
),

-- Missing values are a second measure: 1 for a customer without a value, 0 for a customer with one.
final as (
    select
        {{ segment | join(', ') }},
        feature,
        feature_label,
        feature_group,
        feature_theme,
        is_share,
        'value' as measure,
        count_known as known,
        coalesce(sum_known, 0) as total,
        coalesce(squares_known, 0) as sum_of_squares
    from turned
    union all
    select
        {{ segment | join(', ') }},
        feature,
        feature_label,
        feature_group,
        feature_theme,
        is_share,
        'missing' as measure,
        customers as known,
        customers - count_known as total,
        customers - count_known as sum_of_squares
    from turned
)

select * from final
