{#
    dbt reads the files of warehouse/tables as analyses (`analysis-paths`). So their text is known wherever the package and the
    engine are.
#}
{% macro create_python_tables() -%}
    {%- if execute and flags.WHICH in ('run', 'build', 'seed', 'run-operation') -%}
        {%- set files = [] -%}
        {%- for node in graph.nodes.values() | selectattr('resource_type', 'equalto', 'analysis') | sort(attribute='name')
            if node.package_name == 'numerosity' and node.original_file_path.startswith('warehouse/tables/') -%}
            {%- do files.append(node) -%}
        {%- endfor -%}
        {%- if not files -%}
            {%- do exceptions.raise_compiler_error(
                "dbt has read no SQL file of warehouse/tables: dbt_project.yml of numerosity needs analysis-paths: [warehouse/tables]"
            ) -%}
        {%- endif -%}
        {%- do run_table_files(files) -%}
    {%- endif -%}
{%- endmacro %}

{% macro run_table_files(files) -%}
    {{ return(adapter.dispatch('run_table_files', 'numerosity')(files)) }}
{%- endmacro %}

{#
    All files are one query. A file that begins with `-- only where a.b is a table` runs only where `a.b` is a table and not a
    view.
#}
{% macro duckdb__run_table_files(files) -%}
    {%- set tables = run_query(
        "select table_schema || '.' || table_name from information_schema.tables"
        ~ " where table_type = 'BASE TABLE' and table_catalog = current_database()"
    ).columns[0].values() -%}
    {%- set script = [] -%}
    {%- for file in files if not file.name.endswith('_spark') -%}
        {%- set needed = modules.re.match('-- only where (\\S+) is a table', file.raw_code) -%}
        {%- if not needed or needed[1] in tables -%}{%- do script.append(file.raw_code) -%}{%- endif -%}
    {%- endfor -%}
    {%- do run_query(script | join('\n')) -%}
{%- endmacro %}

{# Spark takes one statement at a time, and its type of text is `string`. #}
{% macro spark__run_table_files(files) -%}
    {%- for file in files if not file.name.endswith('_duckdb') -%}
        {%- for statement in file.raw_code.split(';') if statement.strip() -%}
            {%- do run_query(statement.replace('varchar', 'string')) -%}
        {%- endfor -%}
    {%- endfor -%}
{%- endmacro %}
