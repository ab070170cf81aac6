{#
    z^2 p (1 - p) / margin^2, where p has two more successes and two more failures (A. Agresti and B. A. Coull, 1998, The American
    Statistician 52, 119-126). So a rate of 0 or 1, seen on few customers, does not claim that few are enough.
#}
{% macro customers_needed(successes, trials, margin=0.02) -%}
    {#- Doubles, because Spark rounds decimals in between: 2071.0005 customers must become 2072. -#}
    {%- set p = '((' ~ successes ~ ' + 2.0e0) / (' ~ trials ~ ' + 4.0e0))' -%}
    cast(ceil(3.841458820694124e0 * {{ p }} * (1 - {{ p }}) / {{ margin * margin }}e0) as bigint)
{%- endmacro %}
