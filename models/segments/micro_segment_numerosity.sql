with segments as (
    select * from {{ ref('customer_micro_segments') }}
),

labels as (
    select
        customer_id,
        as_of_date,
        has_purchase_30d
    from {{ ref('customer_purchase_labels') }}
    where has_purchase_30d is not null
),

members as (
    {%- for level in segment_levels() %}
    select
        segments.{{ level.name }}_segment_id as segment_id,
        segments.{{ level.name }}_segment_name as segment_name,
        {{ loop.index }} as level,
        {{ 'segments.' ~ level.parent ~ '_segment_id' if level.parent else "'everyone'" }} as parent_segment_id,
        segments.as_of_date,
        labels.has_purchase_30d as is_buyer
    from segments
    inner join labels
        on
            segments.customer_id = labels.customer_id
            and segments.as_of_date = labels.as_of_date
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
),

counted as (
    select
        segment_id,
        segment_name,
        level,
        parent_segment_id,
        as_of_date,
        count(*) as customers,
        count(case when is_buyer then 1 end) as buyers
    from members
    group by
        segment_id,
        segment_name,
        level,
        parent_segment_id,
        as_of_date
),

intervals as (
    select
        counted.*,
        {{ ratio('buyers', 'customers') }} as rate,
        {{ wilson_low('buyers', 'customers') }} as wilson_low,
        {{ wilson_high('buyers', 'customers') }} as wilson_high,
        {{ customers_needed('buyers', 'customers') }} as customers_needed
    from counted
),

judged as (
    select
        intervals.*,
        case
            when (wilson_high - wilson_low) / 2 <= {{ var('reliable_half_width') }} then 'reliable'
            when (wilson_high - wilson_low) / 2 <= {{ var('borderline_half_width') }} then 'borderline'
            else 'too_few'
        end as verdict
    from intervals
),

final as (
    select
        segment_id,
        segment_name,
        level,
        as_of_date,
        'has_purchase_30d' as outcome,
        customers,
        buyers,
        rate,
        wilson_low,
        wilson_high,
        customers_needed,
        verdict,
        case when verdict = 'too_few' then parent_segment_id else segment_id end as rolled_up_to
    from judged
)

select * from final
