{#
    The keys of a level:
    - `name`: customer_micro_segments has the columns `<name>_segment_id` and `<name>_segment_name`.
    - `title`: the name as people read it.
    - `parent`: the level above.
    - `dimensions`: the bands of seeds/segment_bands.csv that the level adds, each with the feature that it divides.
    - `defined_by`: the features that the segment's name already tells about, those of its bands and those that say the same. An
      entry is a group of features, a feature without its window, or '<group> missing'.
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
