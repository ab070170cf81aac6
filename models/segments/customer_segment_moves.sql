{{ config(materialized='view') }}

with segments as (
    select * from {{ ref('customer_micro_segments') }}
),

date_pairs as (
    {{ consecutive_as_of_dates() }}
),

members as (
    {%- for level in segment_levels() %}
    select
        customer_id,
        as_of_date,
        {{ loop.index }} as level,
        {{ level.name }}_segment_id as segment_id,
        {{ level.name }}_segment_name as segment_name
    from segments
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
),

members_before as (
    select
        members.*,
        date_pairs.from_as_of_date,
        date_pairs.to_as_of_date
    from members
    inner join date_pairs on members.as_of_date = date_pairs.from_as_of_date
),

members_after as (
    select
        members.*,
        date_pairs.from_as_of_date,
        date_pairs.to_as_of_date
    from members
    inner join date_pairs on members.as_of_date = date_pairs.to_as_of_date
),

final as (
    select
        coalesce(members_before.customer_id, members_after.customer_id) as customer_id,
        coalesce(members_before.level, members_after.level) as level,
        coalesce(members_before.from_as_of_date, members_after.from_as_of_date) as from_as_of_date,
        coalesce(members_before.to_as_of_date, members_after.to_as_of_date) as to_as_of_date,
        case
            when members_before.segment_id is null then 'new'
            when members_after.segment_id is null then 'gone'
            when members_before.segment_id = members_after.segment_id then 'stayed'
            else 'moved'
        end as move,
        coalesce(members_before.segment_id, 'new') as from_segment_id,
        coalesce(members_before.segment_name, 'New') as from_segment_name,
        coalesce(members_after.segment_id, 'gone') as to_segment_id,
        coalesce(members_after.segment_name, 'Gone') as to_segment_name
    from members_before
    full outer join members_after
        on
            members_before.customer_id = members_after.customer_id
            and members_before.level = members_after.level
            and members_before.from_as_of_date = members_after.from_as_of_date
            and members_before.to_as_of_date = members_after.to_as_of_date
)

select * from final
