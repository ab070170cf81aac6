{#
    The keys of the dict:
    - `entity`, `entity_key` and `as_of`: the entity, and the columns of its id and its date.
    - `is_once`: whether each entity has one date only.
    - `features`: the names of the columns.
    - `tasks`: dicts of `name`, `label`, `horizon_days` and `threshold`, the probability from which it pays to act.
    - `labels`: the label column of each task.
    - `task_names`: the tasks as SQL literals.

    warehouse/feature_tables.py reads the same YAML in Python.
#}
{% macro feature_table(name) -%}
    {%- set found = {
        'name': name, 'entity': none, 'entity_key': 'entity_id', 'as_of': 'as_of_date', 'is_once': false,
        'features': [], 'tasks': [], 'labels': {},
    } -%}
    {%- for column in columns_with_role(name, 'feature') -%}{%- do found.features.append(column.name) -%}{%- endfor -%}
    {%- if execute -%}
        {%- set node = model_named(name) -%}
        {%- set about = meta_of(node)['numerosity'] -%}
        {%- do found.update({
            'entity': about.get('entity'), 'entity_key': about['entity_key'], 'as_of': about['as_of_column'],
            'is_once': node.config.unique_key == about['entity_key'],
        }) -%}
        {%- for task, entry in about['tasks'].items() -%}
            {%- set cost, value = entry.get('cost_false_positive', 1), entry.get('value_true_positive', 1) -%}
            {%- do found.labels.update({task: entry['label']}) -%}
            {%- do found.tasks.append({
                'name': task, 'label': entry['label'], 'horizon_days': entry.get('horizon_days', 0), 'threshold': cost / (cost + value),
            }) -%}
        {%- endfor -%}
    {%- endif -%}
    {%- do found.update({'task_names': "'" ~ found.labels | join("', '") ~ "'"}) -%}
    {{ return(found) }}
{%- endmacro %}

{% macro value_of_feature(expression, table, features) -%}
    case {{ expression }}
        {%- for feature in features %}
        when '{{ feature }}' then {{ table }}.{{ feature }}
        {%- endfor %}
    end
{%- endmacro %}

{% macro label_of_task(expression, table, labels) -%}
    case {{ expression }}
        {%- for task, label in labels.items() %}
        when '{{ task }}' then {{ table }}.{{ label }}
        {%- endfor %}
    end
{%- endmacro %}
