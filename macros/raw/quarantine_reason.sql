{% macro quarantine_reason(rules, more_rules={}) -%}
    case
        {%- for reason, condition in rules.items() | list + more_rules.items() | list %}
            when {{ condition }} then '{{ reason }}'
        {%- endfor %}
        end
{%- endmacro %}
