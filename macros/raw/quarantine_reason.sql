{# The name of the first rule a row breaks, null for a clean row. rules: {reason: condition that is true for a bad row}. #}
{% macro quarantine_reason(rules) -%}
    case
        {%- for reason, condition in rules.items() %}
            when {{ condition }} then '{{ reason }}'
        {%- endfor %}
        end
{%- endmacro %}
