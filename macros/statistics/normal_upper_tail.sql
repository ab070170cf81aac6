{#
    Half the complementary error function of z / sqrt(2), by the Chebyshev fit of Press et al., Numerical Recipes, 6.2. The
    relative error is below 1.3e-7 everywhere, in the far tails, too.
#}
{% macro normal_upper_tail(z) -%}
    {%- set t = '(1 / (1 + abs(' ~ z ~ ') / 2.8284271247461903))' -%}
    {%- set half_tail = 'exp(-(' ~ z ~ ') * (' ~ z ~ ') / 2 + ' ~ erfc_polynomial(t) ~ ') * ' ~ t ~ ' / 2' -%}
    case when {{ z }} >= 0 then {{ half_tail }} else 1 - {{ half_tail }} end
{%- endmacro %}

{% macro erfc_polynomial(t) -%}
    {%- set coefficients = [
        -1.26551223, 1.00002368, 0.37409196, 0.09678418, -0.18628806, 0.27886807, -1.13520398, 1.48851587, -0.82215223,
        0.17087277,
    ] -%}
    {{ horner(coefficients, t) }}
{%- endmacro %}

{% macro horner(coefficients, x) -%}
    {{ coefficients | join(' + ' ~ x ~ ' * (') }}{{ ')' * (coefficients | length - 1) }}
{%- endmacro %}
