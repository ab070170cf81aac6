{#
    E. B. Wilson and M. M. Hilferty (1931, PNAS 17, 684-688). From z = 3 to 5.3 the value is never too small. It is up to 4 % too
    large from 9 degrees of freedom, 10 % from 3, and 20 % from 1.
#}
{% macro chi_squared_quantile(z, df) -%}
    case
            when {{ df }} > 0
                then {{ df }} * power(1 - 2 / (9e0 * {{ df }}) + {{ z }} * sqrt(2 / (9e0 * {{ df }})), 3)
            else 0
        end
{%- endmacro %}
