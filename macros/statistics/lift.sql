{% macro lift(rate, parent_rate) -%}
    case when {{ parent_rate }} = 0 then 1 else {{ rate }} / {{ parent_rate }} end
{%- endmacro %}
