{# A feature is a 32-bit float, so a bound is rounded to one, too. As a double, 0.01 is above the feature 0.01. #}
{% macro in_interval(value, low, high) -%}
    ({{ low }} is null or {{ value }} >= {{ as_feature(low) }})
                and ({{ high }} is null or {{ value }} < {{ as_feature(high) }})
{%- endmacro %}
