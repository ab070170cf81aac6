{% macro read_raw(paths) -%}
    {{ return(adapter.dispatch('read_raw', 'numerosity')(paths)) }}
{%- endmacro %}

{% macro duckdb__read_raw(paths) -%}
    {%- set quoted = [] -%}
    {%- for path in paths -%}{%- do quoted.append("'" ~ path | replace("'", "''") ~ "'") -%}{%- endfor -%}
    {%- set files = '[' ~ quoted | join(', ') ~ ']' -%}
    {%- if paths[0].endswith('.parquet') -%}
        {{ return('read_parquet(' ~ files ~ ', union_by_name = true)') }}
    {%- elif paths[0].endswith('.txt') -%}
        {{ return(
            'read_csv(' ~ files ~ ", header = false, columns = {'line': 'varchar'}, auto_detect = false, delim = chr(1), "
            ~ "quote = '', escape = '')"
        ) }}
    {%- else -%}
        {{ return('read_csv(' ~ files ~ ', header = true, all_varchar = true, union_by_name = true)') }}
    {%- endif -%}
{%- endmacro %}

{# Files that match one pattern lie in one folder. One file is named by its path, several by their folder and ending. #}
{% macro spark__read_raw(paths) -%}
    {%- set ending = paths[0].rsplit('.', 1)[1] -%}
    {%- set options = {
        'parquet': {'mergeSchema': 'true'},
        'txt': {'header': 'false', 'sep': '\\u0001', 'quote': ''},
    }.get(ending, {'header': 'true', 'escape': '"', 'multiLine': 'true', 'ignoreTrailingWhiteSpace': 'false'}) -%}
    {%- if paths | length > 1 -%}{%- do options.update({'pathGlobFilter': '*.' ~ ending}) -%}{%- endif -%}
    {{ return(spark_file_table(
        paths[0] if paths | length == 1 else paths[0].rsplit('/', 1)[0], 'parquet' if ending == 'parquet' else 'csv', options
    )) }}
{%- endmacro %}

{% macro raw_headers(paths) -%}
    {%- set columns = run_query('select * from ' ~ read_raw(paths) ~ ' limit 0').column_names -%}
    {{ return(columns | list) }}
{%- endmacro %}
