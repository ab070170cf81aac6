{#
    The outcomes counted in micro-segments: the label columns of customer_features, each with the task that predicts it, if one is
    declared. Adding a label there adds an outcome here.
#}
{% macro segment_outcomes() -%}
    {%- set outcomes = [] -%}
    {%- set labels = feature_table('customer_features').labels -%}
    {%- for column in columns_with_role('customer_features', 'label') -%}
        {%- set task = labels.items() | selectattr(1, 'equalto', column.name) | map(attribute=0) | first -%}
        {%- do outcomes.append({'label': column.name, 'task': task}) -%}
    {%- endfor -%}
    {{ return(outcomes) }}
{%- endmacro %}
