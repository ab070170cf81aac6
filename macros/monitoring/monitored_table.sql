{#
    What the YAML of a feature table says to the checks: `as_of`, the as-of column; `is_once`, whether an entity is there at one date
    only; `features`, their columns; `tasks`, each with its label, horizon and the probability from which acting pays. The tables are those
    of the var `monitored_tables`; features and tasks are empty while dbt parses.
#}
{% macro monitored_table(name) -%}
    {%- set found = {'name': name, 'as_of': 'as_of_date', 'entity_key': 'entity_id', 'is_once': false, 'features': [], 'tasks': []} -%}
    {%- if execute -%}
        {%- set node = graph.nodes.values() | selectattr('resource_type', 'equalto', 'model') | selectattr('name', 'equalto', name) | first -%}
        {%- set about = node.config.meta['numerosity'] -%}
        {%- do found.update({
            'as_of': about['as_of_column'], 'entity_key': about['entity_key'],
            'is_once': node.config.unique_key == about['entity_key'],
        }) -%}
        {%- for column in columns_with_role(name, 'feature') -%}{%- do found.features.append(column.name) -%}{%- endfor -%}
        {%- for task, entry in about['tasks'].items() -%}
            {%- set cost, value = entry.get('cost_false_positive', 1), entry.get('value_true_positive', 1) -%}
            {%- do found.tasks.append({
                'name': task, 'label': entry['label'], 'horizon_days': entry.get('horizon_days', 0), 'threshold': cost / (cost + value),
            }) -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return(found) }}
{%- endmacro %}
