{# Keys that more than one different row claims: which of the rows is right is not ours to guess. #}
{% macro repeated_keys(relation, keys) -%}
    select {{ keys | join(', ') }}
    from {{ relation }}
    group by {{ keys | join(', ') }}
    having count(*) > 1
{%- endmacro %}
