{% set table = feature_table('customer_features') %}

with members as (
    select * from {{ ref('discovered_segment_members') }}
),

customers as (
    select * from {{ ref('customer_features') }}
),

segments as (
    select
        task,
        segment_id,
        segment_name
    from {{ source('registry', 'discovered_segments') }}
    where
        status = 'confirmed'
        and condition_number = 1
        and task in ({{ table.task_names }})
),

windows as (
    select
        task,
        segment_id,
        {%- for name in ['proposing', 'confirming'] %}
        max(case when window_name = '{{ name }}' then as_of_from end) as {{ name }}_from,
        max(case when window_name = '{{ name }}' then as_of_to end) as {{ name }}_to{{ ',' if not loop.last }}
        {%- endfor %}
    from {{ source('registry', 'discovered_segment_statistics') }}
    group by
        task,
        segment_id
),

tasks as (
    select distinct task from segments
),

labelled as (
    select
        tasks.task,
        customers.customer_id,
        customers.as_of_date,
        {{ label_of_task('tasks.task', 'customers', table.labels) }} as is_buyer
    from customers
    cross join tasks
),

everyone as (
    select
        task,
        as_of_date,
        count(*) as customers,
        count(case when is_buyer then 1 end) as buyers
    from labelled
    where is_buyer is not null
    group by
        task,
        as_of_date
),

counted as (
    select
        members.task,
        members.segment_id,
        members.as_of_date,
        count(*) as customers,
        count(case when labelled.is_buyer then 1 end) as buyers
    from members
    inner join labelled
        on
            members.task = labelled.task
            and members.customer_id = labelled.customer_id
            and members.as_of_date = labelled.as_of_date
            and labelled.is_buyer is not null
    group by
        members.task,
        members.segment_id,
        members.as_of_date
),

final as (
    select
        counted.task,
        counted.segment_id,
        segments.segment_name,
        counted.as_of_date,
        case
            when counted.as_of_date between windows.proposing_from and windows.proposing_to then 'proposing'
            when counted.as_of_date between windows.confirming_from and windows.confirming_to then 'confirming'
            else 'other'
        end as window_name,
        counted.customers,
        counted.buyers,
        {{ ratio('counted.buyers', 'counted.customers') }} as rate,
        {{ wilson_low('counted.buyers', 'counted.customers') }} as wilson_low,
        {{ wilson_high('counted.buyers', 'counted.customers') }} as wilson_high,
        everyone.customers as all_customers,
        {{ ratio('everyone.buyers', 'everyone.customers') }} as base_rate,
        {{ ratio(
            ratio('counted.buyers', 'counted.customers'),
            ratio('everyone.buyers', 'everyone.customers')
        ) }} as lift
    from counted
    inner join segments
        on
            counted.task = segments.task
            and counted.segment_id = segments.segment_id
    inner join everyone
        on
            counted.task = everyone.task
            and counted.as_of_date = everyone.as_of_date
    inner join windows
        on
            counted.task = windows.task
            and counted.segment_id = windows.segment_id
)

select * from final
