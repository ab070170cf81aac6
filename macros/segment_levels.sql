{#
    The levels of the hierarchy of micro-segments, coarse to fine, each with the level above it. A level is a pair of columns
    of customer_micro_segments, `<level>_segment_id` and `<level>_segment_name`. `dimensions` are the bands of
    seeds/segment_bands.csv that a level adds, each with the feature it cuts.
#}
{% macro segment_levels() -%}
    {{ return([
        {'name': 'life_cycle', 'parent': none, 'dimensions': {'life_cycle': 'days_since_last_order'}},
        {'name': 'rfm', 'parent': 'life_cycle', 'dimensions': {
            'recency': 'days_since_last_order', 'frequency': 'order_count_365d', 'monetary': 'order_amount_365d'}},
        {'name': 'demographic', 'parent': 'rfm', 'dimensions': {'age': 'age_years', 'salary': 'annual_salary'}},
        {'name': 'engagement', 'parent': 'demographic', 'dimensions': {'visit': 'days_since_last_session_365d'}},
    ]) }}
{%- endmacro %}
