{# dbt casts to a type by its name (contracts, seeds). The YAML says `varchar`, which needs a length on Spark. #}
{% macro spark__cast(field, type) -%}
    cast({{ field }} as {{ spark_type(type) }})
{%- endmacro %}

{% macro spark_type(type) -%}
    {{ return('string' if type == 'varchar' else type) }}
{%- endmacro %}
