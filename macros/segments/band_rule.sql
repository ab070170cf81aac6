{% macro band_rule(bands, feature) -%}
    case
            when {{ bands }}.is_unknown then '{{ feature }} is null'
            when {{ bands }}.low is null and {{ bands }}.high is null then '{{ feature }} is not null'
            when {{ bands }}.low is null then '{{ feature }} < ' || {{ bound_as_sql(bands ~ '.high') }}
            when {{ bands }}.high is null then '{{ feature }} >= ' || {{ bound_as_sql(bands ~ '.low') }}
            else
                '{{ feature }} >= ' || {{ bound_as_sql(bands ~ '.low') }}
                || ' and {{ feature }} < ' || {{ bound_as_sql(bands ~ '.high') }}
        end
{%- endmacro %}

{% macro bound_as_sql(bound) -%}
    case
        when {{ bound }} = floor({{ bound }}) then cast(cast({{ bound }} as bigint) as {{ dbt.type_string() }})
        else 'cast(' || {{ double_as_text(bound) }} || ' as {{ dbt.type_float() }})'
    end
{%- endmacro %}
