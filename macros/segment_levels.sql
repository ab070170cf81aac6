{#
    The levels of the hierarchy of micro-segments, coarse to fine, each with the level above it. A level is a pair of columns
    of customer_micro_segments, `<level>_segment_id` and `<level>_segment_name`. defined_by: the groups of features, or the
    features without their window, that its bands are made of or that count the same; of them its name says enough.
#}
{% macro segment_levels() -%}
    {%- set orders = ['orders', 'category_count', 'product_count', 'days_since_favourite_category', 'purchase_session_share'] -%}
    {{ return([
        {'name': 'life_cycle', 'parent': none, 'defined_by': orders},
        {'name': 'rfm', 'parent': 'life_cycle', 'defined_by': orders},
        {'name': 'demographic', 'parent': 'rfm', 'defined_by': ['age_years', 'annual_salary', 'salary_to_region_ratio']},
    ]) }}
{%- endmacro %}

{# True where the bands of a row's level are made of its feature: columns level, feature_group and feature_theme. #}
{% macro is_in_the_name() -%}
    (
            {%- for level in segment_levels() if level.get('defined_by') %}
            {{ 'or ' if not loop.first }}(
                level = {{ segment_levels().index(level) + 1 }}
                and (feature_group in ('{{ level.defined_by | join("', '") }}') or feature_theme in ('{{ level.defined_by | join("', '") }}'))
            )
            {%- else %}
            false
            {%- endfor %}
        )
{%- endmacro %}
