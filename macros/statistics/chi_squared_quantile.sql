{#
    The value a chi-squared variable exceeds as rarely as a standard normal one exceeds z, by E. B. Wilson and M. M. Hilferty (1931,
    PNAS 17, 684-688). From z = 3 to 5.3 it is never too small: by up to 4 % too large from 9 degrees of freedom, 10 % from 3, 20 %
    from 1. 0 without any.
#}
{% macro chi_squared_quantile(z, df) -%}
    case
            when {{ df }} > 0
                then {{ df }} * power(1 - 2 / (9e0 * {{ df }}) + {{ z }} * sqrt(2 / (9e0 * {{ df }})), 3)
            else 0
        end
{%- endmacro %}
