{#
    Benjamini-Hochberg q-value (1995, JRSS B 57, 289-300): the smallest false discovery rate at which the row would be among the
    findings of its family. In two steps, because a window function cannot look through another: p times the size of the family
    against the rank of p, then the smallest of these from the row upwards.
#}
{% macro q_value_step(p_value, rank, family) -%}
    {{ p_value }} * (cast(count(*) over (partition by {{ family }}) as double) / {{ rank }})
{%- endmacro %}

{% macro q_value(step, rank, family) -%}
    least(
            1,
            min({{ step }}) over (
                partition by {{ family }}
                order by {{ rank }} desc
                rows between unbounded preceding and current row
            )
        )
{%- endmacro %}
