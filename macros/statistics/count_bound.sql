{#
    Bounds a count leaves at most about as rarely as a standard normal variable leaves -z and z. On the side of the longer tail by
    the expansion of E. A. Cornish and R. A. Fisher (1938, Revue de l'Institut International de Statistique 5, 307-320) to the
    term of skewness, on the other side the plain normal one, which is wider than need be; and half a count for continuity. `skew`
    is the third central moment by the variance: 1 of a Poisson count, 1 - 2 p of a binomial one. Small counts are skewed: with 1
    expected, 6 are no wonder in a thousand tries, though they lie 5 standard deviations away.
#}
{% macro count_high(mean, variance, z, skew='1') -%}
    ({{ mean }} + {{ z }} * sqrt({{ variance }}) + 0.5 + greatest(0, {{ skew }}) * ({{ z }} * {{ z }} - 1) / 6e0)
{%- endmacro %}

{% macro count_low(mean, variance, z, skew='1') -%}
    greatest(
            0,
            {{ mean }} - {{ z }} * sqrt({{ variance }}) - 0.5 - greatest(0, -({{ skew }})) * ({{ z }} * {{ z }} - 1) / 6e0
        )
{%- endmacro %}
