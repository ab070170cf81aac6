{# Each different row of a raw relation once, with the number of its copies in `raw_copies`. #}
{% macro distinct_rows(relation) -%}
    {%- set columns = adapter.get_columns_in_relation(relation) | map(attribute='name') | list if execute else ['raw_hash'] -%}
    select
        {{ columns | join(',\n        ') }},
        count(*) as raw_copies
    from {{ relation }}
    group by
        {{ columns | join(',\n        ') }}
{%- endmacro %}
