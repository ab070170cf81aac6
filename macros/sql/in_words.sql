{% macro number_in_words(number, other) -%}
    case
            when {{ number }} = 0 then '0'
            when greatest(abs({{ number }}), abs({{ other }})) >= 1e15 then cast({{ number }} as {{ dbt.type_string() }})
            when greatest(abs({{ number }}), abs({{ other }})) >= 100
                then cast(cast({{ number }} as decimal(18, 0)) as {{ dbt.type_string() }})
            when greatest(abs({{ number }}), abs({{ other }})) >= 2
                then cast(cast({{ number }} as decimal(18, 1)) as {{ dbt.type_string() }})
            else cast(cast({{ number }} as decimal(18, 2)) as {{ dbt.type_string() }})
        end
{%- endmacro %}

{% macro percent_in_words(share) -%}
    cast(cast(100 * ({{ share }}) as decimal(18, 1)) as {{ dbt.type_string() }}) || ' %'
{%- endmacro %}

{% macro points_in_words(difference) -%}
    case when {{ rounded(difference, 9) }} > 0 then '+' else '' end || cast(cast(100 * ({{ difference }}) as decimal(18, 1)) as {{ dbt.type_string() }})
{%- endmacro %}
