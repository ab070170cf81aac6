{{ config(materialized='view') }}

with segments as (
    select * from {{ ref('customer_micro_segments') }}
),

date_pairs as (
    {{ consecutive_as_of_dates() }}
),

{% for side, date in [('before', 'from_as_of_date'), ('after', 'to_as_of_date')] %}
segments_{{ side }} as (
    select
        segments.*,
        date_pairs.from_as_of_date,
        date_pairs.to_as_of_date
    from segments
    inner join date_pairs on segments.as_of_date = date_pairs.{{ date }}
),
{% endfor %}

-- The join comes before the levels are split, because a customer is present at a date on all levels or on none.
paired as (
    select
        coalesce(segments_before.customer_id, segments_after.customer_id) as customer_id,
        coalesce(segments_before.from_as_of_date, segments_after.from_as_of_date) as from_as_of_date,
        coalesce(segments_before.to_as_of_date, segments_after.to_as_of_date) as to_as_of_date,
        segments_before.customer_id is null as is_new,
        segments_after.customer_id is null as is_gone
        {%- for level in segment_levels() %},
        coalesce(segments_before.{{ level.name }}_segment_id, 'new') as {{ level.name }}_from_id,
        coalesce(segments_before.{{ level.name }}_segment_name, 'New') as {{ level.name }}_from_name,
        coalesce(segments_after.{{ level.name }}_segment_id, 'gone') as {{ level.name }}_to_id,
        coalesce(segments_after.{{ level.name }}_segment_name, 'Gone') as {{ level.name }}_to_name
        {%- endfor %}
    from segments_before
    full outer join segments_after
        on
            segments_before.customer_id = segments_after.customer_id
            and segments_before.from_as_of_date = segments_after.from_as_of_date
            and segments_before.to_as_of_date = segments_after.to_as_of_date
),

final as (
    {%- for level in segment_levels() %}
    select
        customer_id,
        {{ loop.index }} as level,
        from_as_of_date,
        to_as_of_date,
        case
            when is_new then 'new'
            when is_gone then 'gone'
            when {{ level.name }}_from_id = {{ level.name }}_to_id then 'stayed'
            else 'moved'
        end as move,
        {{ level.name }}_from_id as from_segment_id,
        {{ level.name }}_from_name as from_segment_name,
        {{ level.name }}_to_id as to_segment_id,
        {{ level.name }}_to_name as to_segment_name
    from paired
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
)

select * from final
