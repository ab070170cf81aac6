{#
    The columns of a model whose YAML gives them a role, or one of several, in the order of the YAML: their name and their `meta`.
    That YAML is the feature catalog (warehouse/feature_tables.py reads the same). Empty while dbt parses; a unit test, in which
    dbt knows no YAML, gives them in `overrides`.
#}
{% macro columns_with_role(model_name) -%}
    {{ return(columns_of(model_named(model_name), *varargs)) }}
{%- endmacro %}

{# The same of a model of the graph. #}
{% macro columns_of(node) -%}
    {%- set found = [] -%}
    {%- for column in (node.columns or {}).values() -%}
        {%- set meta = meta_of(column) -%}
        {%- if meta.get('role') in varargs -%}{%- do found.append({'name': column.name, 'meta': meta}) -%}{%- endif -%}
    {%- endfor -%}
    {{ return(found) }}
{%- endmacro %}
