{% macro band_rule(bands, feature) -%}
    case
            when {{ bands }}.is_unknown then '{{ feature }} is null'
            when {{ bands }}.low is null and {{ bands }}.high is null then '{{ feature }} is not null'
            when {{ bands }}.low is null then '{{ feature }} < ' || {{ plain_number(bands ~ '.high') }}
            when {{ bands }}.high is null then '{{ feature }} >= ' || {{ plain_number(bands ~ '.low') }}
            else
                '{{ feature }} >= ' || {{ plain_number(bands ~ '.low') }}
                || ' and {{ feature }} < ' || {{ plain_number(bands ~ '.high') }}
        end
{%- endmacro %}

{% macro plain_number(value) -%}
    case
        when {{ value }} = floor({{ value }}) then cast(cast({{ value }} as bigint) as {{ dbt.type_string() }})
        else {{ double_as_text(value) }}
    end
{%- endmacro %}
