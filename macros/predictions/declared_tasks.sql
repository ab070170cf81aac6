{#
    The tasks that the YAML of feature tables declares: `name`, `title` in words, `entity`, `outcome` (its label column), and the
    `feature_table` whose rows are scored. Empty while dbt parses.
#}
{% macro declared_tasks() -%}
    {%- set tasks = [] -%}
    {%- if execute -%}
        {%- for node in graph.nodes.values() if node.config.meta.get('numerosity') -%}
            {%- set about = node.config.meta['numerosity'] -%}
            {%- for task, entry in about['tasks'].items() -%}
                {%- do tasks.append({
                    'name': task, 'title': entry.get('title') or task | replace('_', ' '), 'entity': about['entity'],
                    'outcome': entry['label'], 'feature_table': node.name,
                }) -%}
            {%- endfor -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return(tasks) }}
{%- endmacro %}
