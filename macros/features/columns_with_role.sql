{#
    The columns of a model whose YAML gives them a role, in the order of the YAML: their name and their `meta`. That YAML is the
    feature catalog (warehouse/feature_tables.py reads the same); empty while dbt parses.
#}
{% macro columns_with_role(model_name, role) -%}
    {{ return(columns_of(model_named(model_name), role)) }}
{%- endmacro %}

{# The same of a model of the graph. #}
{% macro columns_of(node, role) -%}
    {%- set found = [] -%}
    {%- for column in (node.columns or {}).values() -%}
        {%- set meta = meta_of(column) -%}
        {%- if meta.get('role') == role -%}{%- do found.append({'name': column.name, 'meta': meta}) -%}{%- endif -%}
    {%- endfor -%}
    {{ return(found) }}
{%- endmacro %}
