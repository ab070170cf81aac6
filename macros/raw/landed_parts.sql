{% macro landed_parts(source_name, patterns) -%}
    {%- set index = landing_index(source_name) -%}
    {%- set query -%}
        select path, landed_path, columns, decimal_comma, problem
        from {{ parquet_files([index]) }}
        where source_name = '{{ source_name }}' and is_present
        order by path, part
    {%- endset -%}
    {%- set rows = run_query(query).rows -%}
    {%- for pattern in patterns -%}
        {%- set glob = modules.re.escape(pattern).replace('\\*', '[^/]*').replace('\\?', '[^/]') ~ '(\\.gz|\\.zst)?' -%}
        {%- set found, problems = [], [] -%}
        {%- for row in rows if modules.re.fullmatch(glob, row['path']) -%}
            {%- if row['problem'] -%}
                {%- do problems.append(row['problem']) -%}
            {%- else -%}
                {%- do found.append({
                    'path': row['path'],
                    'landed_path': row['landed_path'],
                    'columns': fromjson(row['columns']),
                    'decimal_comma': fromjson(row['decimal_comma']),
                }) -%}
            {%- endif -%}
        {%- endfor -%}
        {%- if problems -%}{%- do exceptions.raise_compiler_error(problems | join('\n')) -%}{%- endif -%}
        {%- if found -%}{{ return(found) }}{%- endif -%}
    {%- endfor -%}
    {%- do exceptions.warn(
        "no raw file " ~ raw_folder() ~ "/" ~ source_name ~ "/" ~ patterns | join(' or ') ~ ": read as an empty table"
    ) -%}
    {{ return([]) }}
{%- endmacro %}

{% macro raw_folder() -%}
    {{ return(env_var('NUMEROSITY_RAW', 'data/raw')) }}
{%- endmacro %}

{% macro landing_folder() -%}
    {%- set warehouse = env_var('NUMEROSITY_WAREHOUSE', '') or 'data/warehouse.duckdb' -%}
    {{ return(env_var('NUMEROSITY_LANDING', '') or (warehouse.rsplit('/', 1)[0] if '/' in warehouse else '.') ~ '/landing') }}
{%- endmacro %}

{% macro landing_index(source_name) -%}
    {{ return(adapter.dispatch('landing_index', 'numerosity')(source_name)) }}
{%- endmacro %}

{% macro duckdb__landing_index(source_name) -%}
    {%- if not run_query("select 1 from duckdb_functions() where function_name = 'numerosity_land'").rows -%}
        {%- do exceptions.raise_compiler_error(
            "dbt has no function to read raw files: the DuckDB target in profiles.yml needs plugins: [{module: warehouse.landing.plugin}] "
            ~ "and module_paths with the project's folder, as profiles/profiles.yml has them"
        ) -%}
    {%- endif -%}
    {%- set request = {
        'source': source_name,
        'entry': var('source_catalog').get(source_name, {}),
        'raw': raw_folder(),
        'landing': landing_folder(),
        'erasure_list': env_var('NUMEROSITY_ERASURES', '') or raw_folder() ~ '/erased_customers.csv',
    } -%}
    {%- set answer = run_query("select numerosity_land('" ~ tojson(request) | replace("'", "''") ~ "')").columns[0].values() | first -%}
    {%- set found = fromjson(answer) -%}
    {%- if 'error' in found -%}{%- do exceptions.raise_compiler_error(found['error']) -%}{%- endif -%}
    {{ return(found['index']) }}
{%- endmacro %}

{% macro spark__landing_index(source_name) -%}
    {%- set index = landing_folder() ~ '/delivered_files-' ~ local_md5(raw_folder())[:8] ~ '.parquet' -%}
    {%- if not list_files(index) -%}
        {%- do exceptions.raise_compiler_error(
            "no raw file has landed (there is no " ~ index ~ "): run python -m warehouse.landing before dbt on Spark"
        ) -%}
    {%- endif -%}
    {{ return(index) }}
{%- endmacro %}

{% macro parquet_files(paths) -%}
    {{ return(adapter.dispatch('parquet_files', 'numerosity')(paths)) }}
{%- endmacro %}

{% macro duckdb__parquet_files(paths) -%}
    {%- set quoted = [] -%}
    {%- for path in paths -%}{%- do quoted.append("'" ~ path | replace("'", "''") ~ "'") -%}{%- endfor -%}
    {{ return('read_parquet([' ~ quoted | join(', ') ~ '])') }}
{%- endmacro %}

{% macro spark__parquet_files(paths) -%}
    {%- set tables = [] -%}
    {%- for path in paths -%}{%- do tables.append('select * from ' ~ spark_file_table(path, 'parquet', {})) -%}{%- endfor -%}
    {{ return('(' ~ tables | join(' union all ') ~ ')') }}
{%- endmacro %}

{% macro canonical_files(table) -%}
    {{ return([table ~ '.parquet', table ~ '.csv', table ~ '/*.parquet', table ~ '/*.csv', '*.duckdb/' ~ table]) }}
{%- endmacro %}

{% macro canonical_headers(table) -%}
    {%- set names = canonical_columns(table) | list -%}
    {{ return(dict(zip(names, names))) }}
{%- endmacro %}
