{#
    What staging does with a row of a file, for the rows of requests in `given`: a request has the key request_key instead of an id, and
    arrives at its own time.
#}
{% macro request_rows(table, moment) -%}
    {%- set kinds = canonical_kinds(table) -%}
    {%- set key, arrival = kinds | list | first, ['known_at', 'valid_from'] -%}
    {%- set absent = ['full_name', 'email', 'has_purchase'] -%}
    with read_rows as (
        select
            request_key,
            {{ 'as_of_date,' if table == 'customers' }}
            request_key as {{ key }}
            {%- for column, kind in kinds.items() if column != key and column not in absent %}
            {%- set value = 'given.' ~ (moment if column in arrival else column) %}
            {%- set text = given_text(value) if kind in ['id', 'text', 'label', 'category'] else value %},
            {{ read_value(text, kind, column) }} as {{ column }}
            {%- endfor %}
        from given
    )

    select
        request_key,
        {%- if table == 'web_sessions' %}
        customer_id,
        started_at,
        {{ session_values('read_rows') }},
        {%- else %}
        {%- for column in kinds if column != key and column not in absent + arrival %}
        {{ column }},
        {%- endfor %}
        as_of_date,
        {%- endif %}
        {{ quarantine_reason(contract_rules(table)) }} as quarantine_reason
    from read_rows
{%- endmacro %}
