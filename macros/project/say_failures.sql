{# dbt itself reports only how many rows a test found. #}
{% macro say_failures(results, most=5) -%}
    {%- for result in results if result.node.resource_type == 'test' and result.status in ('fail', 'warn') %}
        {%- set query = 'select * from (' ~ result.node.compiled_code ~ '\n) as found limit ' ~ most %}
        {%- for row in run_query(query).rows %}
            {%- set said = [] %}
            {%- for column, value in row.items() if column != 'problem' %}
                {%- do said.append(column ~ ' ' ~ value) %}
            {%- endfor %}
            {%- do log(result.node.name ~ ': ' ~ row.get('problem', said | join(', ')), info=true) %}
        {%- endfor %}
    {%- endfor %}
{%- endmacro %}
