{# A number as people read it beside another: fewer decimals the larger the larger of them is. #}
{% macro number_in_words(number, beside) -%}
    case
            when {{ number }} = 0 then '0'
            when greatest(abs({{ number }}), abs({{ beside }})) >= 1e15 then cast({{ number }} as {{ dbt.type_string() }})
            when greatest(abs({{ number }}), abs({{ beside }})) >= 100
                then cast(cast({{ number }} as decimal(18, 0)) as {{ dbt.type_string() }})
            when greatest(abs({{ number }}), abs({{ beside }})) >= 2
                then cast(cast({{ number }} as decimal(18, 1)) as {{ dbt.type_string() }})
            else cast(cast({{ number }} as decimal(18, 2)) as {{ dbt.type_string() }})
        end
{%- endmacro %}

{# A share of 1 as people read it. #}
{% macro percent_in_words(share) -%}
    cast(cast(100 * ({{ share }}) as decimal(18, 1)) as {{ dbt.type_string() }}) || ' %'
{%- endmacro %}

{# A difference of two shares in points of a hundred, with its sign. #}
{% macro points_in_words(difference) -%}
    case when {{ difference }} > 0 then '+' else '' end || cast(cast(100 * ({{ difference }}) as decimal(18, 1)) as {{ dbt.type_string() }})
{%- endmacro %}
