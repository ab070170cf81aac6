{%- set tables = {'orders': [], 'sessions': [], 'engagements': []} %}
{%- for table, names in tables.items() %}
{%- for column in columns_with_role(table, 'category') %}{% do names.append(column.name) %}{% endfor %}
{%- endfor -%}

with previous as (
    select max(as_of_date) as as_of_date
    from {{ ref('int_as_of_dates_scheduled') }}
    where source_name in ({{ sources_on() }}) and as_of_date < {{ run_as_of_date() }}
),

counted as (
    {%- for table, names in tables.items() %}
    {%- for name in names or ['source_name'] %}
    select
        '{{ table }}.{{ name }}' as subject,
        cast(facts.{{ name }} as {{ dbt.type_string() }}) as category,
        count(case when facts.known_at <= previous.as_of_date then 1 end) as rows_before,
        count(case when coalesce(facts.known_at > previous.as_of_date, true) then 1 end) as rows_now
    from {{ ref(table) }} as facts
    cross join previous
    where facts.known_at <= {{ run_as_of_date() }} and facts.{{ name }} is not null
    group by facts.{{ name }}
    union all
    {%- endfor %}
    {%- endfor %}
    select
        'none' as subject,
        'none' as category,
        0 as rows_before,
        0 as rows_now
    where false
),

measured as (
    select
        'unseen_category' as check_name,
        'column' as subject_type,
        subject,
        cast(sum(rows_before) as double) as known_before,
        cast(sum(rows_now) as double) as row_count,
        count(case when rows_before = 1 then 1 end) as seen_once,
        case
            when sum(rows_before) >= 100
                then sum(case when rows_before = 0 then rows_now else 0 end) / nullif(cast(sum(rows_now) as double), 0)
        end as value,
        min(case when rows_before = 0 then category end) as example
    from counted
    group by subject
),

rated as (
    {{ with_thresholds('measured') }}
),

-- The expected share of unseen categories is the share of rows whose category was seen once (A. M. Turing and I. J. Good, 1953).
banded as (
    select
        rated.*,
        row_count * (seen_once + 1) / (known_before + 1) as likely_rows
    from rated
),

checked as (
    select
        banded.*,
        {{ run_as_of_date() }} as observed_date,
        cast(null as double) as expected_low,
        {{ count_high('likely_rows', 'likely_rows', 'z') }} / nullif(row_count, 0) as expected_high,
        value as effect,
        case
            when value is null
                then {{ as_text('row_count') }} || ' new rows and ' || {{ as_text('known_before') }}
                    || ' earlier ones; a comparison needs 1 and 100.'
            else
                {{ percent_in_words('value') }} || ' of ' || {{ as_text('row_count') }} || ' rows have a category never seen before'
                || coalesce(', such as ' || example, '') || '.'
        end as finding,
        'Check whether it is a new spelling of a known category; if it is really new, train the model again.' as to_do
    from banded
),

final as (
    {{ monitoring_rows('checked') }}
)

select * from final
