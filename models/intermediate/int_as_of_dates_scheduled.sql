{{ config(materialized='incremental', incremental_strategy='append', full_refresh=false) }}

-- depends_on: {{ ref('int_rows_by_arrival') }}
-- depends_on: {{ ref('watermarks') }}
with calendar as (
    select *
    from {{ ref('as_of_calendar') }}
    where source_name in ({{ sources_on() }})
),

steps as (
    {{ dbt.generate_series(2000) }}
),

calendar_dates as (
    select
        calendar.source_name,
        cast({{ dbt.dateadd('day', '-(steps.generated_number - 1) * calendar.every_days', 'calendar.last_as_of_date') }} as date)
            as as_of_date,
        calendar.first_as_of_date
    from calendar
    cross join steps
),

scheduled as (
    {%- if var('as_of_date') %}
    {%- for source_name in var('sources') %}
    select
        '{{ source_name }}' as source_name,
        cast('{{ var('as_of_date') }}' as date) as as_of_date
    union
    {%- endfor %}
    {%- endif %}
    select
        source_name,
        as_of_date
    from calendar_dates
    where
        as_of_date >= first_as_of_date
    {%- if var('as_of_date') %}
        and as_of_date <= cast('{{ var('as_of_date') }}' as date)
        {%- if is_incremental() %}
        and source_name not in (select source_name from {{ this }})
        {%- endif %}
    {%- endif %}
),

final as (
    select
        scheduled.source_name,
        scheduled.as_of_date
    from scheduled
    {%- if is_incremental() %}
    left join {{ this }} as existing
        on
            scheduled.source_name = existing.source_name
            and scheduled.as_of_date = existing.as_of_date
    where existing.as_of_date is null
    {%- endif %}
)

select * from final
