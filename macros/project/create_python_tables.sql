{#
    Creates the tables that Python writes, empty and typed, so that every model that reads them builds on a fresh clone, and brings those
    of an older warehouse up to date. Their SQL files are in warehouse/tables; dbt reads them as analyses, so their text is known here
    wherever the package lies and wherever the engine runs.
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

{# Runs SQL files in their order, but for those of the other engine: their names end in its name. #}
{% macro run_table_files(files) -%}
    {{ return(adapter.dispatch('run_table_files', 'numerosity')(files)) }}
{%- endmacro %}

{# All in one query. A file that begins `-- only where a.b is a table` runs only where `a.b` is one, and not a view. #}
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

{# Spark takes one statement at a time, and text is `string` there. #}
{% macro spark__run_table_files(files) -%}
    {%- for file in files if not file.name.endswith('_duckdb') -%}
        {%- for statement in file.raw_code.split(';') if statement.strip() -%}
            {%- do run_query(statement.replace('varchar', 'string')) -%}
        {%- endfor -%}
    {%- endfor -%}
{%- endmacro %}
