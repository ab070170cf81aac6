{# What dbt does with a type by name (contracts, seeds) on Spark: text is `varchar` in our YAML, which there needs a length. #}
{% macro spark__cast(field, type) -%}
    cast({{ field }} as {{ spark_type(type) }})
{%- endmacro %}

{% macro spark_type(type) -%}
    {{ return('string' if type == 'varchar' else type) }}
{%- endmacro %}
