{# The quarantined rows of every raw table of every source in the catalog, in one relation. #}
{% macro union_quarantined() -%}
    {%- set relations = [] -%}
    {%- for source_name, entry in var('source_catalog').items() -%}
        {%- for table in entry['files'] -%}
            {%- do relations.append(ref('stg_' ~ source_name ~ '__' ~ table ~ '_quarantined')) -%}
        {%- endfor -%}
    {%- endfor -%}
    {%- for relation in relations %}
    select
        source_name,
        table_name,
        quarantine_reason,
        raw_text,
        raw_copies
    from {{ relation }}
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
{%- endmacro %}
