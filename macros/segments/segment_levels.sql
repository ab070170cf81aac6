{#
    The levels of the hierarchy of micro-segments, coarse to fine, each with its title in words and the level above it. A level is a
    pair of columns of customer_micro_segments, `<level>_segment_id` and `<level>_segment_name`. `dimensions` are the bands of
    seeds/segment_bands.csv that a level adds, each with the feature it cuts. `defined_by` is what these bands are made of, or
    what says the same, and its name says already: groups of features, features without their window, '<group> missing'.
#}
{% macro segment_levels() -%}
    {%- set orders = [
        'orders', 'products missing', 'category_count', 'product_count', 'days_since_favourite_category',
        'purchase_session_share',
    ] -%}
    {{ return([
        {'name': 'life_cycle', 'title': 'life cycle', 'parent': none, 'defined_by': orders,
            'dimensions': {'life_cycle': 'days_since_last_order'}},
        {'name': 'rfm', 'title': 'recency × frequency × money', 'parent': 'life_cycle', 'defined_by': orders, 'dimensions': {
            'recency': 'days_since_last_order', 'frequency': 'order_count_365d', 'monetary': 'order_amount_365d'}},
        {'name': 'demographic', 'title': 'age × salary', 'parent': 'rfm',
            'defined_by': ['age_years', 'annual_salary', 'salary_to_region_ratio'],
            'dimensions': {'age': 'age_years', 'salary': 'annual_salary'}},
        {'name': 'engagement', 'title': 'engagement', 'parent': 'demographic',
            'defined_by': ['sessions missing', 'days_since_last_session'],
            'dimensions': {'visit': 'days_since_last_session_365d'}},
    ]) }}
{%- endmacro %}

{# True where the name of a row's segment says it already: columns level, feature_group, feature_theme and measure. #}
{% macro is_in_the_name() -%}
    (
            {%- for level in segment_levels() if level.get('defined_by') %}
            {%- set said = "('" ~ level.defined_by | join("', '") ~ "')" %}
            {{ 'or ' if not loop.first }}(
                level = {{ segment_levels().index(level) + 1 }}
                and (
                    feature_group in {{ said }}
                    or feature_theme in {{ said }}
                    or feature_group || ' ' || measure in {{ said }}
                )
            )
            {%- else %}
            false
            {%- endfor %}
        )
{%- endmacro %}
