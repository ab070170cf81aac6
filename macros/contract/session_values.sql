{# Pages of a kind that are left out beside pages of another kind: that kind was not visited. #}
{% macro left_out_is_zero(column, relation) -%}
    {%- set kind, measure = column.rsplit('_', 1) -%}
    {%- set pages = [] -%}
    {%- for name, kind in canonical_kinds('web_sessions').items() if kind == 'count' -%}
        {%- do pages.append(relation ~ '.' ~ name) -%}
    {%- endfor -%}
    coalesce(
            {{ relation }}.{{ column }},
            case
                when coalesce({{ relation }}.{{ kind }}_pages, {{ relation }}.{{ kind }}_seconds, 0) = 0 and coalesce({{ pages | join(', ') }}) is not null
                    then 0
            end
        )
{%- endmacro %}

{% macro session_values(relation) -%}
    {%- for column, kind in canonical_kinds('web_sessions').items() if column not in ['session_id', 'customer_id', 'started_at', 'has_purchase', 'known_at'] %}
        {%- if column.endswith('_pages') or column.endswith('_seconds') %}
        {{ left_out_is_zero(column, relation) }} as {{ column }}
        {%- elif column == 'visitor_type' %}
        coalesce({{ relation }}.visitor_type, 'unknown') as visitor_type
        {%- else %}
        {{ relation }}.{{ column }}
        {%- endif %}{{ ',' if not loop.last }}
    {%- endfor %}
{%- endmacro %}
