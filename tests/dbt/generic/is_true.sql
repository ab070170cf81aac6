{# Every row meets the condition. Returns the rows that do not. #}
{% test is_true(model, condition) %}
select *
from {{ model }}
where not coalesce({{ condition }}, false)
{% endtest %}
