{#
    The levels of the hierarchy of micro-segments, coarse to fine, each with the level above it. A level is a pair of columns
    of customer_micro_segments, `<level>_segment_id` and `<level>_segment_name`.
#}
{% macro segment_levels() -%}
    {{ return([
        {'name': 'life_cycle', 'parent': none},
        {'name': 'rfm', 'parent': 'life_cycle'},
        {'name': 'demographic', 'parent': 'rfm'},
    ]) }}
{%- endmacro %}
