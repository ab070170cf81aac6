{% macro double_as_text(number) -%}
    {{ return(adapter.dispatch('double_as_text', 'numerosity')(number)) }}
{%- endmacro %}

{% macro default__double_as_text(number) -%}
    cast({{ number }} as string)
{%- endmacro %}

{# Spark writes 9.9999999E7 from ten million on, and 1.0E-4 below a thousandth. #}
{% macro spark__double_as_text(number) -%}
    case
            when abs({{ number }}) >= 1e-4 and abs({{ number }}) < 1e16
                then regexp_replace(cast(cast({{ number }} as decimal(38, 20)) as string), '([.][0-9]+?)0+$', '$1')
            else cast({{ number }} as string)
        end
{%- endmacro %}

{% macro rounded(number, decimals) -%}
    {{ return(adapter.dispatch('rounded', 'numerosity')(number, decimals)) }}
{%- endmacro %}

{% macro default__rounded(number, decimals) -%}
    round({{ number }}, {{ decimals }})
{%- endmacro %}

{# Spark rounds the decimals that people see, 2.675 to 2.68, and has no negative zero. #}
{% macro spark__rounded(number, decimals) -%}
    round(abs({{ number }}) * 1e{{ decimals }}) / 1e{{ decimals }} * case when {{ number }} < 0 then -1e0 else 1e0 end
{%- endmacro %}
