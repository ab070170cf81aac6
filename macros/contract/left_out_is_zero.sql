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
