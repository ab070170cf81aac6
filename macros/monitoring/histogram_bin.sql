{# The bin depends on the value alone. So each day is counted once, and any two days can be compared later. #}
{% macro histogram_bin(value) -%}
    {%- set size = 'cast(least(2032, greatest(-640, floor(16 * ln(abs(' ~ value ~ ')) / ln(2) + 0.5))) as integer)' -%}
    case
            when {{ value }} is null or {{ value }} <> {{ value }} then {{ missing_bin() }}
            when {{ value }} = 0 then 0
            when {{ value }} > 0 then 641 + {{ size }}
            else -641 - {{ size }}
        end
{%- endmacro %}

{% macro missing_bin() -%}-9999{%- endmacro %}
