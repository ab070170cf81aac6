{#
    Parquet files have no delete. So the new rows are written as partitions by day, and each partition replaces the old rows of
    its day. The result is that of `delete+insert`, because every incremental model selects all rows of a day.
#}
{% macro dbt_spark_validate_get_incremental_strategy(raw_strategy, file_format) -%}
    {%- if raw_strategy not in ['append', 'delete+insert'] -%}
        {%- do exceptions.raise_compiler_error(
            "incremental_strategy " ~ raw_strategy ~ " is not one that both engines have: take append or delete+insert"
        ) -%}
    {%- endif -%}
    {{ return('append' if raw_strategy == 'append' else 'insert_overwrite') }}
{%- endmacro %}

{% macro spark__partition_cols(label, required=false) -%}
    {%- if config.get('materialized') == 'incremental' and config.get('incremental_strategy') == 'delete+insert' -%}
        {{ label }} (as_of_date)
    {%- endif -%}
{%- endmacro %}
