{#
    The models whose YAML has an entry of this name in `config.meta`, of this project and of any other that runs with it; all models
    without a name. Empty while dbt parses, since not all of them are known by then.
#}
{% macro models_with(entry=none) -%}
    {%- set found = [] -%}
    {%- if execute -%}
        {%- for node in graph.nodes.values() if node.resource_type == 'model' and (entry is none or entry in meta_of(node)) -%}
            {%- do found.append(node) -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return(found) }}
{%- endmacro %}

{#
    The model of this name; none while dbt parses, and where there is none. Of several, in as many packages, the one that `ref`
    takes: of the project that dbt runs, else of the package that asks.
#}
{% macro model_named(name) -%}
    {%- set found = {} -%}
    {%- for node in models_with() if node.name == name -%}
        {%- do found.setdefault(node.package_name, node) -%}
    {%- endfor -%}
    {{ return(found.get(project_name) or found.get(model.package_name) or found.values() | first | default(none)) }}
{%- endmacro %}

{# The `meta` of a model or column, where this version of dbt and older ones put it. #}
{% macro meta_of(entry) -%}
    {%- set meta = dict(entry.meta or {}) -%}
    {%- do meta.update((entry.config or {}).meta or {}) -%}
    {{ return(meta) }}
{%- endmacro %}
