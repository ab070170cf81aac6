{% macro read_value(column, kind, name=none) -%}
    {%- if kind == 'id' -%}
        {{ clean_id(column) }}
    {%- elif kind == 'text' -%}
        {{ clean_text(column) }}
    {%- elif kind == 'label' -%}
        {{ clean_label(column) }}
    {%- elif kind == 'code' -%}
        {{ clean_code(column) }}
    {%- elif kind == 'category' -%}
        {{ clean_category(column, canonical_categories(name or column)) }}
    {%- elif kind == 'count' -%}
        {{ clean_integer(column) }}
    {%- elif kind == 'flag' -%}
        {{ clean_boolean(column) }}
    {%- elif kind == 'date' -%}
        {{ try_cast(known_day(column), 'date') }}
    {%- else -%}
        {{ try_cast(column, canonical_types()[kind]) }}
    {%- endif -%}
{%- endmacro %}

{% macro read_columns(table) -%}
    {%- for column, kind in canonical_kinds(table).items() %}
        {{ read_value(column, kind) }} as {{ column }},
    {%- endfor %}
        {{ filled(readable_columns(table).values()) }} as filled_columns
{%- endmacro %}

{#
    A moment is not among them: an event without one is quarantined in any case.
#}
{% macro readable_columns(table) -%}
    {%- set columns = {} -%}
    {%- for column, kind in canonical_kinds(table).items() -%}
        {%- if kind in ['count', 'money', 'amount', 'share', 'flag', 'date'] -%}
            {%- do columns.update({column: known_day(column) if kind == 'date' else column}) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(columns) }}
{%- endmacro %}

{% macro known_day(column) -%}
    case
            when substr(cast({{ column }} as string), 1, 10) not in ({{ placeholder_days() }}) then {{ column }}
        end
{%- endmacro %}

{% macro placeholder_days() -%}
    '1900-01-01', '1970-01-01', '9999-12-31'
{%- endmacro %}
