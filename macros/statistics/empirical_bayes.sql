{#
    The empirical-Bayes rate is beta-binomial, shrunk to the parent. The prior of a segment says what its parent lets us expect.
    It includes the customers of the siblings, but not the segment's own, so that no customer counts twice.

    1. The evidence about the parent's rate, without the segment, is the parent's own prior plus the buyers and others of the
       siblings. The n customers of a sibling are alike, so each weighs 1 / (1 + rho (n - 1)), with rho from
       sibling_correlation().
    2. S is the size of this evidence. Siblings differ by rho, so the segment's prior has the same mean, but the size S (1 - rho)
       / (1 + rho S). The prior is weak where siblings differ (at most (1 - rho) / rho), and where little is known of the parent.
    3. Prior and observation add up to the posterior beta(alpha, beta): alpha = prior + buyers, beta = prior + others. Its mean is
       eb_rate. Its 2.5 % and 97.5 % quantiles are eb_low and eb_high.

    The prior of everyone is Jeffreys' beta(1/2, 1/2). A segment that is all of its parent has the parent's prior.
#}
{% macro clustered_weight(customers, rho) -%}
    {{ customers }} / (1 + {{ rho }} * ({{ customers }} - 1))
{%- endmacro %}

{% macro prior_share(evidence, rho) -%}
    (1 - {{ rho }}) / (1 + {{ rho }} * ({{ evidence }}))
{%- endmacro %}
