{#
    Empirical-Bayes rate: beta-binomial, shrunk to the parent. A segment's prior is a beta distribution that says what its parent
    would make one expect, its siblings' customers included, its own left out, so that no customer counts twice:

    - what is known of the parent's rate without the segment: the parent's own prior, and the siblings' buyers and others, each
      customer at the weight of a clustered one, 1 / (1 + rho (n - 1)), with rho from sibling_correlation();
    - `strength` S is the size of that evidence, `mean` its rate; siblings differ by rho, so the segment's own prior has the mean,
      and the strength S (1 - rho) / (1 + rho S): what S customers of a sibling tell about this segment. It is weak where siblings
      differ (at most (1 - rho) / rho) and where the parent itself is hardly known.

    Prior and observation add up to the posterior beta(alpha, beta), alpha = prior + buyers, beta = prior + others. Its mean is
    eb_rate, its 2.5 and 97.5 % quantiles eb_low and eb_high. The first prior, of everyone, is Jeffreys' beta(1/2, 1/2). A segment
    that is all of its parent has the parent's prior.
#}
{% macro clustered_weight(customers, rho) -%}
    {{ customers }} / (1 + {{ rho }} * ({{ customers }} - 1))
{%- endmacro %}

{# What is left of S customers' evidence about the parent as evidence about one of its parts: strength / S. #}
{% macro prior_share(evidence, rho) -%}
    (1 - {{ rho }}) / (1 + {{ rho }} * ({{ evidence }}))
{%- endmacro %}
