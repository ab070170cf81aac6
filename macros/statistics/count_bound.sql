{#
    The side of the longer tail is the expansion of E. A. Cornish and R. A. Fisher (1938, Revue de l'Institut International de
    Statistique 5, 307-320) up to the term of skewness. The other side is the normal bound, which is wider than necessary. Half a
    count is added for continuity.

    Small counts are skewed: where 1 is expected, one count in a thousand may be 6, though 6 lies 5 standard deviations away.
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
