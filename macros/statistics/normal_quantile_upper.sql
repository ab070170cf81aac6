{#
    The value a standard normal variable exceeds with probability p, for 0 < p < 0.02425: the tail of P. J. Acklam's rational
    approximation (2003), whose relative error is below 1.15e-9. p is an expression.
#}
{% macro normal_quantile_upper(p) -%}
    {%- set q = 'sqrt(-2 * ln(' ~ p ~ '))' -%}
    -(((((-7.784894002430293e-03 * {{ q }} - 3.223964580411365e-01) * {{ q }} - 2.400758277161838) * {{ q }}
    - 2.549732539343734) * {{ q }} + 4.374664141464968) * {{ q }} + 2.938163982698783)
    / ((((7.784695709041462e-03 * {{ q }} + 3.224671290700398e-01) * {{ q }} + 2.445134137142996) * {{ q }}
    + 3.754408661907416) * {{ q }} + 1)
{%- endmacro %}
