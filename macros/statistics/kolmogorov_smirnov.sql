{#
    Smirnov's limit: P(D > d) = 2 exp(-2 d^2 n m / (n + m)). It is never too small where p is small, and too large for samples
    with ties.
#}
{% macro ks_noise_floor(rows_now, rows_before, p) -%}
    case
            when {{ rows_now }} > 0 and {{ rows_before }} > 0
                then least(
                    1,
                    sqrt(ln(2 / ({{ p }})) / 2 * ({{ rows_now }} + {{ rows_before }}) / (cast({{ rows_now }} as double) * {{ rows_before }}))
                )
            else 1
        end
{%- endmacro %}
