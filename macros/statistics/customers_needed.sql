{#
    Customers a segment needs for a 95 % interval of about +-`margin` around its rate: z^2 p (1 - p) / margin^2, with p
    pulled towards one half by two successes and two failures (Agresti and Coull, 1998), so that a rate of 0 or 1 seen on
    few customers does not claim that few are enough.
#}
{% macro customers_needed(successes, trials, margin=0.02) -%}
    {#- With decimals, Spark would round on the way: 2071.0005 customers must become 2072. -#}
    {%- set p = '((' ~ successes ~ ' + 2.0e0) / (' ~ trials ~ ' + 4.0e0))' -%}
    cast(ceil(3.841458820694124e0 * {{ p }} * (1 - {{ p }}) / {{ margin * margin }}e0) as bigint)
{%- endmacro %}
