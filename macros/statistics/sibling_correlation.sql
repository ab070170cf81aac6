{#
    rho, the intra-class correlation, is the share of one customer's variance m (1 - m) that lies between the siblings of a parent
    with the mean rate m. It is estimated by the method of moments (analysis of variance estimator: Kleinman, 1973, JASA 68,
    46-54), over all groups of siblings of a level together, because one group of three small segments says nothing.

    Without differences the chi-squared of a group is expected to be siblings - 1. With differences it is larger by rho times (the
    sum of n less sum(n^2) / sum(n)). Groups are weighted by their mean size, because large groups tell more.
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

{#
    The estimate can be negative or near zero where rho is small. To use it as it is would shrink too far and claim too much. So
    the result is the mean of the normal distribution around the estimate, with its standard error, cut off at 0. It is always
    above 0, and larger where little is known. It is 0.05 where no group has evidence, and at most 0.9.
#}
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
