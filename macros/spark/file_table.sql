{#
    The table is made anew each time, so that it has the present columns and files. Each model has a table of its own: a model
    that is built at the same time would drop a shared one.
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
