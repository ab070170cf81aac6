{# warehouse/feature_tables.py reads the same YAML in Python. #}
{% macro columns_with_role(model_name) -%}
    {{ return(columns_of(model_named(model_name), *varargs)) }}
{%- endmacro %}

{% macro columns_of(node) -%}
    {%- set found = [] -%}
    {%- for column in (node.columns or {}).values() -%}
        {%- set meta = meta_of(column) -%}
        {%- if meta.get('role') in varargs -%}{%- do found.append({'name': column.name, 'meta': meta}) -%}{%- endif -%}
    {%- endfor -%}
    {{ return(found) }}
{%- endmacro %}
