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
    select * from {{ ref('customer_micro_segments') }}
),

members as (
    {%- for level in levels %}
    select
        {{ loop.index }} as level,
        {{ level.name }}_segment_id as segment_id,
        {{ level.name }}_segment_name as segment_name,
        {{ level.parent ~ '_segment_id' if level.parent else "'everyone'" }} as parent_segment_id,
        {{ level.parent ~ '_segment_name' if level.parent else "'Everyone'" }} as parent_segment_name,
        customer_id,
        as_of_date
    from segments
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
),

-- Wide: one pass over the customers, and few rows to turn.
summed as (
    select
        members.level,
        members.segment_id,
        members.segment_name,
        members.parent_segment_id,
        members.parent_segment_name,
        members.as_of_date,
        {%- for feature in features %}
        count(customers.{{ feature.name }}) as count_{{ loop.index }},
        sum(cast(customers.{{ feature.name }} as double)) as sum_{{ loop.index }},
        sum(cast(customers.{{ feature.name }} as double) * customers.{{ feature.name }}) as squares_{{ loop.index }},
        {%- endfor %}
        count(*) as customers
    from members
    inner join customers
        on
            members.customer_id = customers.customer_id
            and members.as_of_date = customers.as_of_date
    group by
        members.level,
        members.segment_id,
        members.segment_name,
        members.parent_segment_id,
        members.parent_segment_name,
        members.as_of_date
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

-- Whether a value is there at all is a difference of its own: 1 for a customer without one, 0 for a customer with one.
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
