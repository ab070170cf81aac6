{% macro declared_tasks() -%}
    {%- set tasks = [] -%}
    {%- for node in models_with('numerosity') -%}
        {%- set about = meta_of(node)['numerosity'] -%}
        {%- for task, entry in about['tasks'].items() -%}
            {%- do tasks.append({
                'name': task, 'title': entry.get('title') or task | replace('_', ' '), 'entity': about['entity'],
                'outcome': entry['label'], 'feature_table': node.name,
            }) -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ return(tasks) }}
{%- endmacro %}

{% macro tasks_of(entity) -%}
    {%- set names = declared_tasks() | selectattr('entity', 'equalto', entity) | map(attribute='name') | list -%}
    {{ "'" ~ names | join("', '") ~ "'" if names else 'null' }}
{%- endmacro %}
