{#
    The bin a value falls into: 16 to a doubling (4 % wide), one for 0, one for no value. A function of the value alone, so that a day is
    counted once and any two days can be compared later. Order of bins is order of values. Below 2^-40 and above 2^127 all is one.
#}
{% macro histogram_bin(value) -%}
    {%- set size = 'cast(least(2032, greatest(-640, floor(16 * ln(abs(' ~ value ~ ')) / ln(2) + 0.5))) as integer)' -%}
    case
            when {{ value }} is null or {{ value }} <> {{ value }} then {{ missing_bin() }}
            when {{ value }} = 0 then 0
            when {{ value }} > 0 then 641 + {{ size }}
            else -641 - {{ size }}
        end
{%- endmacro %}

{# The bin of no value, lower than any other. #}
{% macro missing_bin() -%}-9999{%- endmacro %}
