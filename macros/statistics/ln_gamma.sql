{#
    Stirling's series at x + 8 (Abramowitz and Stegun, 6.1.41), and the recurrence of the gamma function back to x. The error is
    below 1e-12 of 1 + the value.
#}
{% macro ln_gamma(x) -%}
    {%- set y = '(' ~ x ~ ' + 8)' -%}
    (
                ({{ y }} - 0.5) * ln({{ y }}) - {{ y }} + 0.9189385332046727
                + (1 / 12e0 - (1 / 360e0 - (1 / 1260e0 - 1 / 1680e0 / ({{ y }} * {{ y }})) / ({{ y }} * {{ y }}))
                / ({{ y }} * {{ y }})) / {{ y }}
                - ln({{ x }} * ({{ x }} + 1) * ({{ x }} + 2) * ({{ x }} + 3))
                - ln(({{ x }} + 4) * ({{ x }} + 5) * ({{ x }} + 6) * ({{ x }} + 7))
            )
{%- endmacro %}

{% macro ln_beta(a, b) -%}
    {{ ln_gamma(a) }} + {{ ln_gamma(b) }} - {{ ln_gamma('(' ~ a ~ ' + ' ~ b ~ ')') }}
{%- endmacro %}

{% macro ln_choose(n, k) -%}
    {{ ln_gamma('(' ~ n ~ ' + 1)') }} - {{ ln_gamma('(' ~ k ~ ' + 1)') }} - {{ ln_gamma('(' ~ n ~ ' - ' ~ k ~ ' + 1)') }}
{%- endmacro %}
