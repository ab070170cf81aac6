{#
    At the end of a CTE that is used several times. DuckDB computes it once anyhow; Spark copies it into each place that uses it, and
    these into the next, so that planning takes minutes. It does not copy what is not deterministic: so a condition that always holds.
#}
{% macro computed_once() -%}
    {{ return(adapter.dispatch('computed_once', 'numerosity')()) }}
{%- endmacro %}

{% macro default__computed_once() -%}{%- endmacro %}

{% macro spark__computed_once() %}
    where rand() >= 0
{%- endmacro %}
