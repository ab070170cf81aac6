{# The list of the sources that are on, as SQL literals. #}
{% macro sources_on() -%}
    '{{ var('sources') | join("', '") }}'
{%- endmacro %}

{#
    The as-of dates this run has to build into {{ this }}: all of them when the table is new or fully refreshed; else the
    run's own date (the var `as_of_date`, or the newest) and any date that is missing.
    maturing: {label column: horizon in days}; dates are also due when a label has matured since they were built.
    labels: label columns; dates are also due when the relation `labelled` knows a label that {{ this }} does not.
#}
{% macro due_as_of_dates(maturing={}, labels=[], labelled=none) -%}
    select distinct as_of_date
    from {{ ref('int_as_of_dates_scheduled') }}
    where
        source_name in ({{ sources_on() }})
    {%- if is_incremental() %}
        and (
            as_of_date = {{ run_as_of_date() }}
            or as_of_date not in (select as_of_date from {{ this }})
            {%- for label, horizon_days in maturing.items() %}
            or as_of_date in (
                select as_of_date
                from {{ this }}
                where {{ label }} is null and {{ has_matured('as_of_date', horizon_days) }}
            )
            {%- endfor %}
            {%- for label in labels %}
            or (
                as_of_date in (select as_of_date from {{ this }} where {{ label }} is null)
                and as_of_date in (select as_of_date from {{ labelled }} where {{ label }} is not null)
            )
            {%- endfor %}
        )
    {%- endif %}
{%- endmacro %}

{# The date this run is for. #}
{% macro run_as_of_date() -%}
    {%- if var('as_of_date') -%}
        cast('{{ var('as_of_date') }}' as date)
    {%- else -%}
        {{ newest_as_of_date() }}
    {%- endif -%}
{%- endmacro %}

{# The newest scheduled date: nothing after it has been seen. #}
{% macro newest_as_of_date() -%}
    (select max(as_of_date) from {{ ref('int_as_of_dates_scheduled') }} where source_name in ({{ sources_on() }}))
{%- endmacro %}

{# True when the label of an as-of date can no longer change: its window, and the grace for late purchases, are over. #}
{% macro has_matured(as_of_date, horizon_days) -%}
    {{ dbt.dateadd('day', horizon_days + var('label_grace_days'), as_of_date) }} <= {{ newest_as_of_date() }}
{%- endmacro %}

{# Whole days from an event to the as-of date: 1 is the day before, 90 the first day of a 90-day window. #}
{% macro days_before(event_at, as_of_date='as_of_date') -%}
    {{ dbt.datediff('cast(' ~ event_at ~ ' as date)', as_of_date, 'day') }}
{%- endmacro %}

{# The point-in-time rule: an event counts when it happened before the as-of date and had arrived by then. #}
{% macro was_known(relation, event_at, as_of_date) -%}
    {{ relation }}.{{ event_at }} < {{ as_of_date }} and {{ relation }}.known_at <= {{ as_of_date }}
{%- endmacro %}

{#
    The as-of dates of sessions this run has to build into {{ this }}: like due_as_of_dates(), and the date after the run's
    own, whose sessions are fewer once an earlier date is put in before it.
#}
{% macro due_session_dates() -%}
    {{ due_as_of_dates() }}
    {%- if is_incremental() and var('as_of_date') %}
    union
    select min(as_of_date) as as_of_date
    from {{ ref('int_as_of_dates_scheduled') }}
    where source_name in ({{ sources_on() }}) and as_of_date > {{ run_as_of_date() }}
    {%- endif %}
{%- endmacro %}

{# Each as-of date with the one before it in the same source's schedule; sources that share both dates share the pair. #}
{% macro consecutive_as_of_dates() -%}
    select distinct
        steps.from_as_of_date,
        steps.to_as_of_date
    from (
        select
            lag(as_of_date) over (partition by source_name order by as_of_date) as from_as_of_date,
            as_of_date as to_as_of_date
        from {{ ref('int_as_of_dates_scheduled') }}
        where source_name in ({{ sources_on() }})
    ) as steps
    where steps.from_as_of_date is not null
{%- endmacro %}
