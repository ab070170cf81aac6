{# The tasks declared in the YAML of feature tables of an entity, as SQL literals. #}
{% macro tasks_of(entity) -%}
    {%- set tasks = [] -%}
    {%- for node in models_with('numerosity') -%}
        {%- set about = meta_of(node)['numerosity'] -%}
        {%- for task in about['tasks'] if about.entity == entity -%}{%- do tasks.append("'" ~ task ~ "'") -%}{%- endfor -%}
    {%- endfor -%}
    {{ tasks | join(', ') or 'null' }}
{%- endmacro %}
