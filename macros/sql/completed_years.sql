{# A month and a day are compared as one number. So who was born on 29 February (229) has the birthday on 1 March in common years. #}
{% macro completed_years(from_date, to_date) -%}
    (
            {{ date_part('year', to_date) }} - {{ date_part('year', from_date) }}
            - case when {{ month_and_day(to_date) }} < {{ month_and_day(from_date) }} then 1 else 0 end
        )
{%- endmacro %}

{% macro month_and_day(date) -%}
    {{ date_part('month', date) }} * 100 + {{ date_part('day', date) }}
{%- endmacro %}
