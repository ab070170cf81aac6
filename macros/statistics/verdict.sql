{#
    The half-width of the interval is compared with `reliable_half_width`, and with `relative_half_width` of the rate: 0.05 +-
    0.04 says little. The second limit is never below `smallest_half_width`. For borderline both are multiplied by
    `borderline_half_width / reliable_half_width`.
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
