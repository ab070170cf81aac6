{# Says in the log of a build what the column `problem` of a test's query holds, as a failed test alone gives only a number. #}
{% macro say_problems(query) -%}
    {%- if execute and flags.WHICH in ('build', 'test') -%}
        {%- for problem in run_query('select problem from (' ~ query ~ ') as found order by problem').columns[0].values() -%}
            {%- do log(problem, info=true) -%}
        {%- endfor -%}
    {%- endif -%}
{%- endmacro %}
