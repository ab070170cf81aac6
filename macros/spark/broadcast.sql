{#
    Says of the relation `alias` of a join, right after `select`, that it is small against the other: Spark then sends it to every
    task, where it would else bring both to the same places, all columns of the large one over the network.
#}
{% macro broadcast(alias) -%}
    {{ return(adapter.dispatch('broadcast', 'numerosity')(alias)) }}
{%- endmacro %}

{% macro default__broadcast(alias) -%}{%- endmacro %}

{% macro spark__broadcast(alias) %} /*+ broadcast({{ alias }}) */{% endmacro %}
