{% macro clean_text(column) -%}
    nullif({{ trimmed('cast(' ~ column ~ ' as string)') }}, '')
{%- endmacro %}

{% macro trimmed(text) -%}
    {{ return(adapter.dispatch('trimmed', 'numerosity')(text)) }}
{%- endmacro %}

{% macro default__trimmed(text) -%}
    trim({{ text }})
{%- endmacro %}

{# DuckDB takes off every kind of space that Unicode has, Spark that of ASCII only. #}
{% macro spark__trimmed(text) -%}
    trim(both ' \u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000' from {{ text }})
{%- endmacro %}

{% macro clean_id(column) -%}
    case
            when {{ clean_text(column) }} like '%.0%' and {{ matches_pattern(clean_text(column), '^[0-9]+[.]0+$') }}
                then regexp_replace({{ clean_text(column) }}, '[.]0+$', '')
            when {{ matches_pattern(clean_text(column), "^''[=+@-]") }} then substr({{ clean_text(column) }}, 2)
            else {{ clean_text(column) }}
        end
{%- endmacro %}

{# Capitals within a name that has small letters are meant: New York. #}
{% macro clean_label(column) -%}
    case
            when {{ clean_text(column) }} not in (upper({{ clean_text(column) }}), lower({{ clean_text(column) }})) then {{ clean_text(column) }}
            else upper(substr({{ clean_text(column) }}, 1, 1)) || lower(substr({{ clean_text(column) }}, 2))
        end
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

{# DuckDB drops the offset of a text that it casts to a timestamp, and has no value for a text with a named time zone. #}
{% macro duckdb__try_cast(column, type) -%}
    {%- if type == 'timestamp' -%}
        case
            when typeof({{ column }}) <> 'VARCHAR' then try_cast({{ column }} as timestamp)
            when not {{ has_zone(column) }} then try_cast({{ column }} as timestamp)
            when {{ has_known_zone(column) }}
                then try_cast({{ with_plain_zone(column, '\\1') }} as timestamptz) at time zone 'UTC'
        end
    {%- else -%}
        try_cast({{ column }} as {{ type }})
    {%- endif -%}
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
            {%- if type == 'timestamp' %}
            when {{ has_zone(column) }}
                then
                    case
                        when {{ has_known_zone(column) }}
                            then cast(try_cast({{ with_plain_zone(column, '$1') }} as timestamp_ltz) as timestamp_ntz)
                    end
            {%- endif %}
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

{# Anything but digits after the time of day: 2025-12-31T23:30:00-05:00, 2025-12-31 23:30 Europe/Berlin. #}
{% macro has_zone(column) -%}
    {{ return(matches_pattern('cast(' ~ column ~ ' as string)', ':[0-9.]+ *[^0-9:. ]')) }}
{%- endmacro %}

{#
    A time zone is known if it is an offset, UTC or a place. Other abbreviations are not: CST is Chicago, Havana or Shanghai.
#}
{% macro has_known_zone(column) -%}
    {{ return(matches_pattern(
        'cast(' ~ column ~ ' as string)',
        ':[0-9.]+( ?(Z|UTC|GMT)| ?[+-][0-9][0-9](:?[0-9][0-9])?| [A-Z][A-Za-z_]+/[A-Za-z0-9_/+-]+) *$'
    )) }}
{%- endmacro %}

{# The same moment as both engines read it: with seconds, an offset like +01:00 next to them, and UTC as Z. #}
{% macro with_plain_zone(column, group) -%}
    {%- set one, two, three = group, group | replace('1', '2'), group | replace('1', '3') -%}
    {%- set steps = [
        ('([ T][0-9]+:[0-9]+)( ?[A-Z+-].*)$', one ~ ':00' ~ two),
        (' ?(UTC|GMT) *$', 'Z'),
        ('([0-9]) ?([+-][0-9][0-9]) *$', one ~ two ~ ':00'),
        ('([0-9]) ?([+-][0-9][0-9]):?([0-9][0-9]) *$', one ~ two ~ ':' ~ three),
    ] -%}
    {%- set text = namespace(sql='cast(' ~ column ~ ' as string)') -%}
    {%- for pattern, written in steps -%}
        {%- set text.sql = 'regexp_replace(' ~ text.sql ~ ", '" ~ pattern ~ "', '" ~ written ~ "')" -%}
    {%- endfor -%}
    {{ return(text.sql) }}
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
        0
        {%- for column in columns %}
        + case when {{ relation ~ '.' if relation }}{{ column }} is not null then 1 else 0 end
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
