{# Rate against the parent's rate; 1, no difference to be seen, where nobody of the parent bought. #}
{% macro lift(rate, parent_rate) -%}
    case when {{ parent_rate }} = 0 then 1 else {{ rate }} / {{ parent_rate }} end
{%- endmacro %}
