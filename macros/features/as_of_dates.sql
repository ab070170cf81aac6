{% macro due_as_of_dates(maturing={}, labels=[], labelled=none) -%}
    select distinct as_of_date
    from {{ ref('int_as_of_dates_scheduled') }}
    where
        source_name in ({{ sources_on() }})
    {%- if is_incremental() %}
        and (
            as_of_date = {{ run_as_of_date() }}
            or as_of_date not in (select as_of_date from {{ this }})
            {%- set changed = changed_dates() %}
            {%- if changed %}
            or as_of_date in ({{ changed }})
            {%- endif %}
            {%- for label, horizon_days in maturing.items() %}
            or as_of_date in (
                select as_of_date
                from {{ this }}
                where {{ label }} is null and {{ has_matured('as_of_date', horizon_days + var('label_grace_days'), 'orders') }}
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

{% macro run_as_of_date() -%}
    {%- if var('as_of_date') -%}
        cast('{{ var('as_of_date') }}' as date)
    {%- else -%}
        {{ newest_as_of_date() }}
    {%- endif -%}
{%- endmacro %}

{% macro newest_as_of_date() -%}
    (select max(as_of_date) from {{ ref('int_as_of_dates_scheduled') }} where source_name in ({{ sources_on() }}))
{%- endmacro %}

{% macro has_matured(as_of_date, days, table, watermarks=none) -%}
    {{ dbt.dateadd('day', days, as_of_date) }} <= {{ newest_as_of_date() }}
    and {{ dbt.dateadd('day', days, as_of_date) }} <= {{ complete_until(table, watermarks) }}
{%- endmacro %}

{% macro days_before(event_at, as_of_date='as_of_date') -%}
    {{ dbt.datediff('cast(' ~ event_at ~ ' as date)', as_of_date, 'day') }}
{%- endmacro %}

{% macro was_known(relation, event_at, as_of_date) -%}
    {{ relation }}.{{ event_at }} < {{ as_of_date }} and {{ relation }}.known_at <= {{ as_of_date }}
{%- endmacro %}

{% macro due_session_dates() -%}
    {{ due_as_of_dates() }}
    {%- if is_incremental() and var('as_of_date') %}
    union
    select min(as_of_date) as as_of_date
    from {{ ref('int_as_of_dates_scheduled') }}
    where source_name in ({{ sources_on() }}) and as_of_date > {{ run_as_of_date() }}
    {%- endif %}
{%- endmacro %}

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
