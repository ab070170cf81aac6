{% macro check_raw_folder() -%}
    {%- if execute and flags.WHICH in ('run', 'build') and var('sources') -%}
        {%- set folder = env_var('NUMEROSITY_RAW', 'data/raw') -%}
        {%- if var('sources') is string -%}
            {%- do exceptions.raise_compiler_error(
                "var sources must be a list of sources, not the text '" ~ var('sources') ~ "': --vars '{sources: ["
                ~ var('sources') ~ "]}'"
            ) -%}
        {%- endif -%}
        {%- for source_name in var('sources') if source_name not in var('source_catalog') -%}
            {%- do exceptions.raise_compiler_error(
                "unknown source '" ~ source_name ~ "' in var sources: known are "
                ~ var('source_catalog').keys() | join(', ') ~ " (source_catalog in dbt_project.yml)"
            ) -%}
        {%- endfor -%}
        {%- if list_files(folder ~ '/*/**') | length == 0 -%}
            {%- do exceptions.raise_compiler_error(
                "raw folder " ~ folder ~ " is missing or empty: set NUMEROSITY_RAW to a folder with one folder per source, "
                ~ "or make the sample with python -m ml synthesize --customers 5000 --seed 7 --out " ~ folder
            ) -%}
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}
