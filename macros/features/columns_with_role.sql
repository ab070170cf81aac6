{#
    The columns of a model whose YAML gives them a role, in the order of the YAML: their name and their `meta`. The registry of
    features and labels is that YAML (warehouse/manifest.py reads the same); empty while dbt parses.
#}
{% macro columns_with_role(model_name, role) -%}
    {%- set found = [] -%}
    {%- if execute -%}
        {%- for node in graph.nodes.values() if node.resource_type == 'model' and node.name == model_name -%}
            {%- for column in node.columns.values() -%}
                {%- set meta = column.config.meta if column.config and column.config.meta else column.meta -%}
                {%- if meta.get('role') == role -%}{%- do found.append({'name': column.name, 'meta': meta}) -%}{%- endif -%}
            {%- endfor -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return(found) }}
{%- endmacro %}
