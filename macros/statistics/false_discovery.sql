{#
    Y. Benjamini and Y. Hochberg (1995, JRSS B 57, 289-300). It takes two steps, because a window function cannot contain another.
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
