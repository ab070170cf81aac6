{% macro parse_timestamp(column, format) -%}
    {{ return(adapter.dispatch('parse_timestamp', 'numerosity')(column, format)) }}
{%- endmacro %}

{% macro duckdb__parse_timestamp(column, format) -%}
    cast(try_strptime({{ clean_text(column) }}, '{{ format }}') as timestamp)
{%- endmacro %}

{# Where digits touch each other, Spark needs a fixed width for each part: two letters. #}
{% macro spark__parse_timestamp(column, format) -%}
    {%- set adjacent = '%m%d' in format or '%Y%m' in format -%}
    {%- set letters = {'%Y': 'yyyy', '%y': 'yy', '%m': 'M', '%d': 'd', '%H': 'H', '%M': 'm', '%S': 's'} -%}
    {%- set pattern = namespace(text=format) -%}
    {%- for code, letter in letters.items() -%}
        {%- set pattern.text = pattern.text | replace(code, letter * 2 if adjacent and letter | length == 1 else letter) -%}
    {%- endfor -%}
    try_to_timestamp({{ clean_text(column) }}, '{{ pattern.text }}')
{%- endmacro %}
