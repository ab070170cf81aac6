{# The list lies in the folder of raw files, so that every warehouse that is built from them applies it. #}
{% macro erasure_list() -%}
    {{ return(env_var('NUMEROSITY_ERASURES', '') or env_var('NUMEROSITY_RAW', 'data/raw') ~ '/erased_customers.csv') }}
{%- endmacro %}

{% macro erasure_salts() -%}
    {%- set paths = list_files(erasure_list()) -%}
    {%- if paths | length == 0 -%}{{ return([]) }}{%- endif -%}
    {%- set found = run_query('select distinct salt from ' ~ read_raw(paths) ~ ' order by salt') -%}
    {{ return(found.columns[0].values() | list) }}
{%- endmacro %}

{% macro is_erased(source_name, table, columns) -%}
    {%- set people = var('source_catalog')[source_name].get('people', {}).get(table, []) -%}
    {%- set rules = [people] if people is string or people is number or people is mapping else people -%}
    {%- set salts = erasure_salts() if rules else [] -%}
    {%- for rule in rules if salts -%}
        {%- if rule is mapping -%}
            {{ ' or ' ~ person_id(columns, rules[0]) ~ ' is null and ' if not loop.first }}{{ is_of_erased_row(source_name, rule, columns) }}
        {%- else -%}
            {{ is_on_erasure_list(person_id(columns, rule), salts) }}
        {%- endif -%}
    {%- endfor -%}
{%- endmacro %}

{% macro is_on_erasure_list(id, salts) -%}
    (
        {%- for salt in salts -%}
            {{ ' or ' if not loop.first }}{{ sha256("'" ~ salt ~ "' || " ~ id) }} in (
                select customer_hash from {{ read_raw([erasure_list()]) }} where salt = '{{ salt }}'
            )
        {%- endfor -%}
    )
{%- endmacro %}

{% macro is_of_erased_row(source_name, rule, columns) -%}
    {%- set key, parent = rule.items() | first -%}
    {%- set paths = raw_files(source_name, canonical_files(parent)) -%}
    {%- set others = quoted_headers(raw_headers(paths)) if paths else {} -%}
    {%- set people = var('source_catalog')[source_name]['people'][parent] -%}
    {%- set named_by = people if people is string or people is number else people[0] -%}
    {%- if others -%}
    {{ clean_text(columns[key | lower]) }} in (
        select {{ clean_text(others[key | lower]) }}
        from {{ read_raw(paths) }}
        where {{ is_on_erasure_list(person_id(others, named_by), erasure_salts()) }}
    )
    {%- else -%}
    false
    {%- endif -%}
{%- endmacro %}

{% macro person_id(columns, person) -%}
    {%- if person is string and person | lower not in columns -%}
        {%- do exceptions.raise_compiler_error(
            "people in source_catalog (dbt_project.yml) says that the column '" ~ person ~ "' names customers, and the raw file has none "
            ~ "(it has: " ~ columns.keys() | join(', ') ~ ")"
        ) -%}
    {%- elif person is number -%}
        {{ dbt.split_part(single_spaces(columns['line']), "' '", person) }}
    {%- else -%}
        {%- set id = clean_text(columns[person | lower]) -%}
        case when {{ clean_integer(id) }} is not null then {{ dbt.split_part(id, "'.'", 1) }} else {{ id }} end
    {%- endif -%}
{%- endmacro %}

{% macro quoted_headers(headers) -%}
    {%- set found = {} -%}
    {%- for header in headers -%}
        {%- do found.update({header | trim | lower: adapter.quote(header)}) -%}
    {%- endfor -%}
    {{ return(found) }}
{%- endmacro %}

{% macro sha256(expression) -%}
    {{ return(adapter.dispatch('sha256', 'numerosity')(expression)) }}
{%- endmacro %}

{% macro duckdb__sha256(expression) -%}
    sha256({{ expression }})
{%- endmacro %}

{% macro spark__sha256(expression) -%}
    sha2({{ expression }}, 256)
{%- endmacro %}
