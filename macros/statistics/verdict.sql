{#
    Whether a rate can be acted on. The half-width of its Wilson interval must be at most `reliable_half_width`, and at most
    `relative_half_width` of the rate itself (0.05 +- 0.04 says little), which is never asked to be under `smallest_half_width`.
    That is reliable; borderline may be as many times wider as `borderline_half_width` is; the rest is too_few.
#}
{% macro verdict(rate, low, high) -%}
    {%- set half_width = '(' ~ high ~ ' - ' ~ low ~ ') / 2' -%}
    {%- set allowed = 'least(' ~ var('reliable_half_width') ~ ', greatest(' ~ var('smallest_half_width') ~ ', '
        ~ var('relative_half_width') ~ ' * ' ~ rate ~ '))' -%}
    case
            when {{ half_width }} <= {{ allowed }} then 'reliable'
            when {{ half_width }} <= {{ allowed }} * {{ var('borderline_half_width') / var('reliable_half_width') }} then 'borderline'
            else 'too_few'
        end
{%- endmacro %}
