{% macro clean_text(column) -%}
    nullif(trim(cast({{ column }} as string)), '')
{%- endmacro %}

{% macro clean_label(column) -%}
    upper(substr({{ clean_text(column) }}, 1, 1)) || lower(substr({{ clean_text(column) }}, 2))
{%- endmacro %}

{% macro clean_code(column) -%}
    lower({{ clean_text(column) }})
{%- endmacro %}

{% macro clean_category(column, spellings) -%}
    case
        {%- for name, variants in spellings.items() %}
            when {{ clean_code(column) }} in ('{{ variants | join("', '") }}') then '{{ name }}'
        {%- endfor %}
            else {{ clean_code(column) }}
        end
{%- endmacro %}

{% macro clean_boolean(column) -%}
    {{ try_cast(clean_text(column), 'boolean') }}
{%- endmacro %}

{% macro try_cast(column, type) -%}
    {{ return(adapter.dispatch('try_cast', 'numerosity')(column, type)) }}
{%- endmacro %}

{% macro default__try_cast(column, type) -%}
    try_cast({{ column }} as {{ type }})
{%- endmacro %}

{#
    Three texts are read by Spark only: `2024` as a date, `10:11:12` as a time of today, and `1d` as a number. One is read by
    DuckDB only: `2024/01/05` as a date. A column of another type than text is cast without a look at its text: Spark knows the
    type before it reads a row.
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

{% macro clean_integer(column) -%}
    case
            when {{ try_cast(column, 'double') }} = floor({{ try_cast(column, 'double') }})
                then {{ try_cast(try_cast(column, 'double'), 'integer') }}
        end
{%- endmacro %}

{#
    Staging counts the values before and after reading. To name every expression a second time instead would double the cost of
    reading.
#}
{% macro filled(columns, relation=none) -%}
    (
        {%- for column in columns %}
        case when {{ relation ~ '.' if relation }}{{ column }} is not null then 1 else 0 end{{ ' +' if not loop.last }}
        {%- endfor %}
    )
{%- endmacro %}

{% macro synthetic_key(prefix, columns) -%}
    {%- set parts = [] -%}
    {%- for column in columns -%}
        {%- do parts.append("coalesce(cast(" ~ column ~ " as string), '')") -%}
    {%- endfor -%}
    '{{ prefix }}' || md5({{ parts | join(" || '|' || ") }})
{%- endmacro %}
