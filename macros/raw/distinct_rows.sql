{# Each different row of a raw relation once, with the number of its copies in `raw_copies`. #}
{% macro distinct_rows(relation) -%}
    {%- set found = adapter.get_columns_in_relation(relation) if execute else [] -%}
    {#- Before the first build the relation is not there yet. -#}
    {%- set columns = found | map(attribute='name') | list or ['raw_hash'] -%}
    select
        {{ columns | join(',\n        ') }},
        count(*) as raw_copies
    from {{ relation }}
    group by
        {{ columns | join(',\n        ') }}
{%- endmacro %}
