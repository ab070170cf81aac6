{% macro row_hash(expressions) -%}
    {{ return(adapter.dispatch('row_hash', 'numerosity')(expressions)) }}
{%- endmacro %}

{% macro duckdb__row_hash(expressions) -%}
    hash({{ expressions | join(', ') }})
{%- endmacro %}

{% macro type_row_hash() -%}
    {{ return(adapter.dispatch('type_row_hash', 'numerosity')()) }}
{%- endmacro %}

{% macro duckdb__type_row_hash() -%}
    {{ return('ubigint') }}
{%- endmacro %}

{# xxhash64 skips nulls, but the place of the nulls belongs to the row. #}
{% macro spark__row_hash(expressions) -%}
    xxhash64({% for expression in expressions %}{{ expression }}, {{ expression }} is null{{ ', ' if not loop.last }}{% endfor %})
{%- endmacro %}

{% macro spark__type_row_hash() -%}
    {{ return('bigint') }}
{%- endmacro %}
