{# L. V. Hedges (1981, Journal of Educational Statistics 6, 107-128). The first factor removes the bias of few rows. #}
{% macro hedges_g(n1, mean1, variance1, n2, mean2, variance2) -%}
    (1 - 3.0 / (4.0 * ({{ n1 }} + {{ n2 }} - 2) - 1)) * ({{ mean1 }} - {{ mean2 }})
    / sqrt(nullif({{ pooled_variance(n1, variance1, n2, variance2) }}, 0))
{%- endmacro %}

{% macro pooled_variance(n1, variance1, n2, variance2) -%}
    ((({{ n1 }} - 1) * {{ variance1 }} + ({{ n2 }} - 1) * {{ variance2 }}) / ({{ n1 }} + {{ n2 }} - 2.0))
{%- endmacro %}

{#
    The first term assumes equal variances (L. V. Hedges and I. Olkin, 1985, Statistical Methods for Meta-Analysis, p. 86). The
    second takes each mean with its own variance. The larger one is used: a side of few rows that happen to be alike proves as
    little as a side of few rows that differ widely.
#}
{% macro hedges_g_variance(g, n1, variance1, n2, variance2) -%}
    greatest(
        ({{ n1 }} + {{ n2 }}) / ({{ n1 }} * 1.0 * {{ n2 }}),
        ({{ variance1 }} / {{ n1 }} + {{ variance2 }} / {{ n2 }})
        / nullif({{ pooled_variance(n1, variance1, n2, variance2) }}, 0)
    ) + {{ g }} * {{ g }} / (2.0 * ({{ n1 }} + {{ n2 }}))
{%- endmacro %}
