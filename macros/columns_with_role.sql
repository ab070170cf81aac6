{#
    The columns of a model whose YAML gives them a role, or one of several, in the order of the YAML: their name and their `meta`.
    The registry of features and labels is that YAML (ml/manifest.py reads the same). Empty while dbt parses; a unit test, in which
    dbt knows no YAML, gives them in `overrides`.
#}
{% macro columns_with_role(model_name) -%}
    {%- set found = [] -%}
    {%- if execute -%}
        {%- for node in graph.nodes.values() if node.resource_type == 'model' and node.name == model_name -%}
            {%- for column in node.columns.values() -%}
                {%- set meta = column.config.meta if column.config and column.config.meta else column.meta -%}
                {%- if meta.get('role') in varargs -%}{%- do found.append({'name': column.name, 'meta': meta}) -%}{%- endif -%}
            {%- endfor -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return(found) }}
{%- endmacro %}
