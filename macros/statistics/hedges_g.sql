{#
    The standardised difference of two means, g of L. V. Hedges (1981, Journal of Educational Statistics 6, 107-128): their
    difference in pooled standard deviations, less the bias of few rows. Arguments are expressions: rows, mean and variance
    (with n - 1) of either side. Null where the pooled variance is.
#}
{% macro hedges_g(n1, mean1, variance1, n2, mean2, variance2) -%}
    (1 - 3.0 / (4.0 * ({{ n1 }} + {{ n2 }} - 2) - 1)) * ({{ mean1 }} - {{ mean2 }})
    / sqrt(nullif({{ pooled_variance(n1, variance1, n2, variance2) }}, 0))
{%- endmacro %}

{% macro pooled_variance(n1, variance1, n2, variance2) -%}
    ((({{ n1 }} - 1) * {{ variance1 }} + ({{ n2 }} - 1) * {{ variance2 }}) / ({{ n1 }} + {{ n2 }} - 2.0))
{%- endmacro %}

{#
    The variance of g where both sides spread alike (L. V. Hedges and I. Olkin, 1985, Statistical Methods for Meta-Analysis,
    p. 86), or where they do not (each mean with its own variance), whichever is larger: a side of few rows that happen to be
    alike proves as little as a side of few rows that spread widely.
#}
{% macro hedges_g_variance(g, n1, variance1, n2, variance2) -%}
    greatest(
        ({{ n1 }} + {{ n2 }}) / ({{ n1 }} * 1.0 * {{ n2 }}),
        ({{ variance1 }} / {{ n1 }} + {{ variance2 }} / {{ n2 }})
        / nullif({{ pooled_variance(n1, variance1, n2, variance2) }}, 0)
    ) + {{ g }} * {{ g }} / (2.0 * ({{ n1 }} + {{ n2 }}))
{%- endmacro %}
