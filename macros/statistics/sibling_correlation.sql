{#
    How much the true rates of siblings differ: the intra-class correlation rho, the share of a single customer's variance
    m (1 - m) that lies between the siblings of a parent with mean rate m. By the method of moments, over all groups of siblings of
    a level together, because one group of three small segments says nothing.

    Of each group of `siblings` segments (window functions or a join give these): `customers`, `buyers`, `squared_customers` (sum
    of n^2) and `squared_differences` (sum of (x - n p)^2 / n, p the group's rate). A group's chi-squared is expected to be
    siblings - 1 when nothing differs, and more by rho times the sum of n less sum(n^2) / sum(n). Groups are weighted by their mean
    size, so that those that could tell are heard. (Analysis of variance estimator: Kleinman 1973, JASA 68, 46-54.)

    `group_size` is the mean size, `group_excess` what chi-squared exceeds its expectation by; aggregate them with
    `sibling_correlation` over the groups with `has_evidence`.
#}
{% macro has_evidence(siblings, customers, buyers) -%}
    ({{ siblings }} > 1 and {{ customers }} > {{ siblings }} and {{ buyers }} > 0 and {{ buyers }} < {{ customers }})
{%- endmacro %}

{% macro group_size(siblings, customers, squared_customers) -%}
    ({{ customers }} - {{ squared_customers }} / {{ customers }}) / ({{ siblings }} - 1)
{%- endmacro %}

{% macro group_excess(siblings, customers, buyers, squared_differences) -%}
    {{ squared_differences }} * {{ customers }} * ({{ customers }} - 1) / ({{ buyers }} * ({{ customers }} - {{ buyers }})) - ({{ siblings }} - 1)
{%- endmacro %}

{#
    From sums over groups: `covariation` of size * excess, `information` of size^2 * (siblings - 1) * (customers - siblings) /
    (customers - 1), and what the variance of covariation needs, of size^2, size^3 and size^4 times siblings - 1. The estimate
    can be negative or nothing where rho is small; taken at face value it would shrink too far and claim too much. So it is the mean
    of the normal distribution around it, with its standard error, cut off at 0: always above 0, and larger where little is known.
    0.05 where no group says anything; at most 0.9.
#}
{% macro sibling_correlation_estimate(covariation, information) -%}
    {{ covariation }} / nullif({{ information }}, 0)
{%- endmacro %}

{% macro sibling_correlation_error(estimate, information, size_2, size_3, size_4) -%}
    sqrt(
                2 * (
                    {{ size_2 }} + 2 * greatest({{ estimate }}, 0) * {{ size_3 }}
                    + greatest({{ estimate }}, 0) * greatest({{ estimate }}, 0) * {{ size_4 }}
                )
            ) / nullif({{ information }}, 0)
{%- endmacro %}

{% macro sibling_correlation(estimate, error) -%}
    {%- set ratio = 'greatest(-20, least(20, ' ~ estimate ~ ' / ' ~ error ~ '))' -%}
    coalesce(
                least(
                    0.9,
                    {{ error }} * (
                        {{ ratio }}
                        + 0.3989422804014327 * exp(-{{ ratio }} * {{ ratio }} / 2) / {{ normal_upper_tail('-' ~ ratio) }}
                    )
                ),
                0.05
            )
{%- endmacro %}
