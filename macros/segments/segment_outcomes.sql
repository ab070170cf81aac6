{% macro segment_outcomes() -%}
    {%- set outcomes = [] -%}
    {%- set labels = feature_table('customer_features').labels -%}
    {%- for column in columns_with_role('customer_features', 'label') -%}
        {%- set task = labels.items() | selectattr(1, 'equalto', column.name) | map(attribute=0) | first -%}
        {%- do outcomes.append({
            'label': column.name, 'title': column.meta.get('label') or outcome_in_words(column.name), 'task': task,
        }) -%}
    {%- endfor -%}
    {{ return(outcomes) }}
{%- endmacro %}

{% macro outcome_in_words(label) -%}
    {%- set name = modules.re.sub('^(has|is)_', '', label) -%}
    {{ return(modules.re.sub('_([0-9]+)d$', ' within \\1 days', name) | replace('_', ' ')) }}
{%- endmacro %}
