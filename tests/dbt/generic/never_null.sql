{# The given columns have a value in every row: returns each that has not, with the rows without. One pass for all of them. #}
{% test never_null(model, columns) %}
with counted as (
    select
        {%- for column in columns %}
        count(*) - count({{ column }}) as {{ column }}{{ ',' if not loop.last }}
        {%- endfor %}
    from {{ model }}
)
{% for column in columns %}
select
    '{{ column }}' as column_name,
    {{ column }} as rows_without
from counted
where {{ column }} > 0
{{ 'union all' if not loop.last }}
{%- endfor %}
{% endtest %}
