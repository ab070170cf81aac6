{# Paths that match a glob pattern, sorted. #}
{% macro list_files(pattern) -%}
    {{ return(adapter.dispatch('list_files', 'numerosity')(pattern)) }}
{%- endmacro %}

{% macro duckdb__list_files(pattern) -%}
    {%- set found = run_query("select file from glob('" ~ pattern | replace("'", "''") ~ "') order by file") -%}
    {{ return(found.columns[0].values() | list) }}
{%- endmacro %}

{#
    Spark lists files by reading them: a table over the folder of which only the paths are asked for. It is a table, not a path in
    the query, because a folder that is not there is an empty table, and an error in a query.
#}
{% macro spark__list_files(pattern) -%}
    {%- set folder = pattern.split('*')[0].rsplit('/', 1)[0] -%}
    {%- set rest = modules.re.escape(pattern[folder | length:]).replace('/\\*\\*', '/.*').replace('\\*', '[^/]*') -%}
    {%- set files = spark_file_table(folder, 'binaryFile', {'recursiveFileLookup': 'true'}) -%}
    {%- set found = [] -%}
    {%- for path in run_query('select path from ' ~ files ~ ' order by path').columns[0].values() -%}
        {%- set here = path.split(':', 1)[1] if path.startswith('file:') else path -%}
        {%- set below = '/' ~ here.rsplit(folder.strip('./') ~ '/', 1)[-1] -%}
        {%- if modules.re.fullmatch(rest, below) -%}{%- do found.append(folder ~ below) -%}{%- endif -%}
    {%- endfor -%}
    {{ return(found) }}
{%- endmacro %}

{#
    A table over files as they lie there, made anew, so that it has the columns and files of now. Each model has its own: another
    one that is built at the same time would take it away.
#}
{% macro spark_file_table(location, format, options) -%}
    {%- set reader = model.name if model is defined else '' -%}
    {%- set name = 'default.files_' ~ local_md5(reader ~ location ~ format ~ options) -%}
    {%- set settings = [] -%}
    {%- for option, value in options.items() -%}{%- do settings.append("'" ~ option ~ "' '" ~ value ~ "'") -%}{%- endfor -%}
    {%- do run_query('drop table if exists ' ~ name) -%}
    {%- do run_query(
        'create table ' ~ name ~ (' (line string)' if format == 'csv' and options.header == 'false' else '') ~ ' using ' ~ format
        ~ (' options (' ~ settings | join(', ') ~ ')' if settings else '') ~ " location '" ~ location | replace("'", "\\'") ~ "'"
    ) -%}
    {{ return(name) }}
{%- endmacro %}
