{# Without the hint Spark moves both relations of the join over the network, with all columns of the large one. #}
{% macro broadcast(alias) -%}
    {{ return(adapter.dispatch('broadcast', 'numerosity')(alias)) }}
{%- endmacro %}

{% macro default__broadcast(alias) -%}{%- endmacro %}

{% macro spark__broadcast(alias) %} /*+ broadcast({{ alias }}) */{% endmacro %}
