{% macro models_with(entry=none) -%}
    {%- set found = [] -%}
    {%- if execute -%}
        {%- for node in graph.nodes.values() if node.resource_type == 'model' and (entry is none or entry in meta_of(node)) -%}
            {%- do found.append(node) -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return(found) }}
{%- endmacro %}

{% macro model_named(name) -%}
    {%- set found = {} -%}
    {%- for node in models_with() if node.name == name -%}
        {%- do found.setdefault(node.package_name, node) -%}
    {%- endfor -%}
    {{ return(found.get(project_name) or found.get(model.package_name) or found.values() | first | default(none)) }}
{%- endmacro %}

{% macro meta_of(entry) -%}
    {%- set meta = dict(entry.meta or {}) -%}
    {%- do meta.update((entry.config or {}).meta or {}) -%}
    {{ return(meta) }}
{%- endmacro %}
