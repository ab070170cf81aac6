{% macro list_files(pattern) -%}
    {{ return(adapter.dispatch('list_files', 'numerosity')(pattern)) }}
{%- endmacro %}

{% macro duckdb__list_files(pattern) -%}
    {%- set found = run_query("select file from glob('" ~ pattern | replace("'", "''") ~ "') order by file") -%}
    {{ return(found.columns[0].values() | list) }}
{%- endmacro %}

{#
    Spark lists files by reading them. A table is made over the folder, and only the paths are selected. A query of the folder
    itself would fail where the folder does not exist; the table is empty there.
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
