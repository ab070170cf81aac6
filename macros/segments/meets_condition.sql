{#
    Whether a value meets a condition of a discovered segment: low <= value < high; a bound that is null does not bind. A missing
    value meets it where `missing` is 'also' or 'only', and 'only' nothing else does. Numpy's twin is Condition.met() in
    ml/discover/rules.py.
#}
{% macro meets_condition(value, low, high, missing) -%}
    case
            when {{ value }} is null then {{ missing }} <> 'no'
            else
                {{ missing }} <> 'only'
                and ({{ low }} is null or {{ value }} >= {{ low }})
                and ({{ high }} is null or {{ value }} < {{ high }})
        end
{%- endmacro %}
