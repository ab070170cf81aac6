{# Text without outer spaces; empty text is null. #}
{% macro clean_text(column) -%}
    nullif(trim(cast({{ column }} as string)), '')
{%- endmacro %}

{# A name people typed: outer spaces dropped, first letter upper case, the rest lower case. #}
{% macro clean_label(column) -%}
    upper(substr({{ clean_text(column) }}, 1, 1)) || lower(substr({{ clean_text(column) }}, 2))
{%- endmacro %}

{# Text in lower case, for codes that people spell as they like. #}
{% macro clean_code(column) -%}
    lower({{ clean_text(column) }})
{%- endmacro %}

{# A category with known spellings. spellings: {name: [lower-case spellings]}; anything else comes out in lower case. #}
{% macro clean_category(column, spellings) -%}
    case
        {%- for name, variants in spellings.items() %}
            when {{ clean_code(column) }} in ('{{ variants | join("', '") }}') then '{{ name }}'
        {%- endfor %}
            else {{ clean_code(column) }}
        end
{%- endmacro %}

{# True or false from the usual spellings (true, t, yes, y, 1 and their opposites), null from anything else: 5 is not true. #}
{% macro clean_boolean(column) -%}
    {{ try_cast(clean_text(column), 'boolean') }}
{%- endmacro %}

{# A value of another type, null when it cannot be read as one. #}
{% macro try_cast(column, type) -%}
    {{ return(adapter.dispatch('try_cast', 'numerosity')(column, type)) }}
{%- endmacro %}

{% macro default__try_cast(column, type) -%}
    try_cast({{ column }} as {{ type }})
{%- endmacro %}

{#
    Spark alone reads a date from 2024, a moment of today from 10:11:12 and a number from 1d; only DuckDB a date from 2024/01/05.
    A column that is no text is not looked at as text: Spark knows its type before it reads a row.
#}
{% macro spark__try_cast(column, type) -%}
    {%- if type in ['date', 'timestamp'] -%}
        case
            when typeof({{ column }}) <> 'string' then try_cast({{ column }} as {{ type }})
            when trim(cast({{ column }} as string)) like '____-_%-_%' or trim(cast({{ column }} as string)) like '____/_%/_%'
                then try_cast(replace(cast({{ column }} as string), '/', '-') as {{ type }})
        end
    {%- elif type in ['double', 'float'] -%}
        case
            when typeof({{ column }}) <> 'string' then try_cast({{ column }} as {{ type }})
            when lower(right(trim(cast({{ column }} as string)), 1)) not in ('d', 'f') or lower(cast({{ column }} as string)) like '%inf%'
                then try_cast({{ column }} as {{ type }})
        end
    {%- else -%}
        try_cast({{ column }} as {{ type }})
    {%- endif -%}
{%- endmacro %}

{# A whole number, null when it is none: 3.5 is not rounded, 17850.0 is 17850. #}
{% macro clean_integer(column) -%}
    case
            when {{ try_cast(column, 'double') }} = floor({{ try_cast(column, 'double') }})
                then {{ try_cast(try_cast(column, 'double'), 'integer') }}
        end
{%- endmacro %}

{#
    How many of the columns have a value. Less after reading than before: a raw value could not be read. Counted, because
    naming every expression a second time doubles the cost of reading.
#}
{% macro filled(columns, relation=none) -%}
    (
        {%- for column in columns %}
        case when {{ relation ~ '.' if relation }}{{ column }} is not null then 1 else 0 end{{ ' +' if not loop.last }}
        {%- endfor %}
    )
{%- endmacro %}

{# A stable key for rows without one: the same row has the same key in every run. #}
{% macro synthetic_key(prefix, columns) -%}
    {%- set parts = [] -%}
    {%- for column in columns -%}
        {%- do parts.append("coalesce(cast(" ~ column ~ " as string), '')") -%}
    {%- endfor -%}
    '{{ prefix }}' || md5({{ parts | join(" || '|' || ") }})
{%- endmacro %}
