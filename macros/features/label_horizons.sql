{# Days from the as-of date on. Each horizon gives a label, has_purchase_<days>d. #}
{% macro label_horizons() -%}
    {{ return([7, 30, 90]) }}
{%- endmacro %}
