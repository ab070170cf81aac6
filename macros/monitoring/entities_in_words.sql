{% macro entities_in_words(number, subject) -%}
    {%- set entities = {} -%}
    {%- for task in declared_tasks() -%}
        {%- do entities.update({task.name: task.entity, task.feature_table: task.entity}) -%}
    {%- endfor -%}
    {{ as_text(number) }} || case {{ subject }}
            {%- for name, entity in entities.items() %}
            when '{{ name }}' then case when {{ number }} = 1 then ' {{ entity }}' else ' {{ plural(entity) }}' end
            {%- endfor %}
            else case when {{ number }} = 1 then ' row' else ' rows' end
        end
{%- endmacro %}

{% macro plural(noun) -%}
    {{ return(noun[:-1] ~ 'ies' if noun.endswith('y') else noun ~ 's') }}
{%- endmacro %}

{% macro too_few_to_compare(rows, known, reference) -%}
    {{ entities_in_words(rows, 'feature_table') }} || case
            when {{ known }} is null then ', none with a value.'
            when {{ reference }} is null then '; the reference has no value.'
            else '; the reference has fewer than 3 dates.'
        end
{%- endmacro %}
