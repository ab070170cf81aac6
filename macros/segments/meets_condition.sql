{# Condition.met() in ml/discover/rules.py does the same in NumPy. #}
{% macro meets_condition(value, low, high, missing) -%}
    case
            when {{ value }} is null then {{ missing }} <> 'no'
            else
                {{ missing }} <> 'only'
                and {{ in_interval(value, low, high) }}
        end
{%- endmacro %}
