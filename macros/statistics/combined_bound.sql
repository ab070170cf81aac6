{#
    The intervals of independent estimates are combined by "square and add" (G. Y. Zou and A. Donner, 2008, Statistics in Medicine
    27, 1693-1702). With Wilson's bounds of two rates, the difference has R. G. Newcombe's interval (1998, Statistics in Medicine
    17, 873-890, method 10), which is right for few customers, too.
#}
{% macro difference_low(after, before) -%}
    {{ after[0] }} - {{ before[0] }} - {{ root_of_squares(after[0], after[1], before[0], before[2]) }}
{%- endmacro %}

{% macro difference_high(after, before) -%}
    {{ after[0] }} - {{ before[0] }} + {{ root_of_squares(after[0], after[2], before[0], before[1]) }}
{%- endmacro %}

{% macro sum_low(one, other) -%}
    {{ one[0] }} + {{ other[0] }} - {{ root_of_squares(one[0], one[1], other[0], other[1]) }}
{%- endmacro %}

{% macro sum_high(one, other) -%}
    {{ one[0] }} + {{ other[0] }} + {{ root_of_squares(one[0], one[2], other[0], other[2]) }}
{%- endmacro %}

{% macro root_of_squares(one, bound_of_one, other, bound_of_other) -%}
    sqrt(
                ({{ one }} - {{ bound_of_one }}) * ({{ one }} - {{ bound_of_one }})
                + ({{ other }} - {{ bound_of_other }}) * ({{ other }} - {{ bound_of_other }})
            )
{%- endmacro %}
