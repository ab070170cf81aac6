{#
    dbt casts an expected value to the type of the model's column. So 0.4 would pass where the model gives the whole number 0, and
    0.304 where it gives the decimal 0.30: such a test could not fail. A given value would be rounded in the same way.
#}
{% macro format_row(row, column_name_to_data_types) -%}
    {%- for name, value in row.items() if value is not none and name | lower in column_name_to_data_types -%}
        {%- set type = column_name_to_data_types[name | lower] | upper -%}
        {%- if not modules.re.fullmatch(values_kept_by(type) | trim, value | string | lower, modules.re.DOTALL) -%}
            {{ exceptions.raise_compiler_error(
                "unit test value of " ~ model.name ~ ": the column " ~ name ~ " is " ~ type ~ ", which does not hold " ~ value
                ~ " unchanged; correct the model's type or the value"
            ) }}
        {%- endif -%}
    {%- endfor -%}
    {{ return(dbt.format_row(row, column_name_to_data_types)) }}
{%- endmacro %}

{% macro values_kept_by(type) -%}
    {%- if type == 'BOOLEAN' -%}
        true|false
    {%- elif type.endswith(('INT', 'INTEGER')) -%}
        -?[0-9]+([.]0*)?
    {%- elif type.startswith('DECIMAL') -%}
        -?[0-9]+([.][0-9]{0,{{ type.split(',')[1] | replace(')', '') | trim }}}0*)?
    {%- elif type in ('FLOAT', 'DOUBLE') -%}
        (?!true|false).*
    {%- elif type == 'DATE' -%}
        [0-9-]{10}( 00:00:00)?
    {%- elif type == 'TIMESTAMP WITH TIME ZONE' -%}
        .*(z|[+-][0-9]{2}(:?[0-9]{2})?)
    {%- else -%}
        .*
    {%- endif -%}
{%- endmacro %}
