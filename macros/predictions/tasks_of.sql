{# The tasks declared in the YAML of feature tables of an entity, as SQL literals. #}
{% macro tasks_of(entity) -%}
    {%- set tasks = [] -%}
    {%- if execute -%}
        {%- for node in graph.nodes.values() if node.config.meta.get('numerosity', {}).get('entity') == entity -%}
            {%- for task in node.config.meta['numerosity']['tasks'] -%}{%- do tasks.append("'" ~ task ~ "'") -%}{%- endfor -%}
        {%- endfor -%}
    {%- endif -%}
    {{ tasks | join(', ') or 'null' }}
{%- endmacro %}
