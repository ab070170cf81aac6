{#
    What the YAML of a feature table says: `features`, the names of their columns; `labels`, the label column of each task; and
    `tasks`, the tasks as SQL literals.
#}
{% macro feature_table(name) -%}
    {%- set found = {'features': [], 'labels': {}} -%}
    {%- if execute -%}
        {%- for node in graph.nodes.values() if node.resource_type == 'model' and node.name == name -%}
            {%- for column in node.columns.values() if column.config.meta.get('role') == 'feature' -%}
                {%- do found.features.append(column.name) -%}
            {%- endfor -%}
            {%- for task, entry in node.config.meta['numerosity']['tasks'].items() -%}
                {%- do found.labels.update({task: entry['label']}) -%}
            {%- endfor -%}
        {%- endfor -%}
    {%- endif -%}
    {%- do found.update({'tasks': "'" ~ found.labels | join("', '") ~ "'"}) -%}
    {{ return(found) }}
{%- endmacro %}

{# The value of the feature whose name an expression gives. #}
{% macro value_of_feature(expression, table, features) -%}
    case {{ expression }}
        {%- for feature in features %}
        when '{{ feature }}' then {{ table }}.{{ feature }}
        {%- endfor %}
    end
{%- endmacro %}

{# The label of the task whose name an expression gives. #}
{% macro label_of_task(expression, table, labels) -%}
    case {{ expression }}
        {%- for task, label in labels.items() %}
        when '{{ task }}' then {{ table }}.{{ label }}
        {%- endfor %}
    end
{%- endmacro %}
