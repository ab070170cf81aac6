{% macro quarantine_reason(rules) -%}
    case
        {%- for reason, condition in rules.items() %}
            when {{ condition }} then '{{ reason }}'
        {%- endfor %}
        end
{%- endmacro %}
