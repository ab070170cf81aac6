{# E. B. Wilson (1927, JASA 22, 209-212). #}
{% macro wilson_bound(successes, trials, sign) -%}
    {%- set z = '1.959963984540054' -%}
    {%- set n = 'cast(' ~ trials ~ ' as double)' -%}
    {%- set p = 'cast(' ~ successes ~ ' as double) / ' ~ n -%}
    case
            when {{ trials }} = 0 then {{ 0 if sign == '-' else 1 }}.0
            when {{ successes }} = {{ 0 if sign == '-' else trials }} then {{ 0 if sign == '-' else 1 }}.0
            else
                (
                    {{ p }} + {{ z }} * {{ z }} / (2 * {{ n }})
                    {{ sign }} {{ z }} * sqrt({{ p }} * (1 - {{ p }}) / {{ n }} + {{ z }} * {{ z }} / (4 * {{ n }} * {{ n }}))
                ) / (1 + {{ z }} * {{ z }} / {{ n }})
        end
{%- endmacro %}

{% macro wilson_low(successes, trials) -%}{{ wilson_bound(successes, trials, '-') }}{%- endmacro %}

{% macro wilson_high(successes, trials) -%}{{ wilson_bound(successes, trials, '+') }}{%- endmacro %}
