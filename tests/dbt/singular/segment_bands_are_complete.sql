-- The bands of a dimension have an open start and an open end, and leave no gap and no overlap. Each dimension has one band for
-- unknown values, and each dimension of the levels has bands.
with bands as (
    select * from {{ ref('segment_bands') }}
),

ordered as (
    select
        dimension,
        band_id,
        low,
        high,
        lag(high) over (partition by dimension order by coalesce(low, -1e308), band_id) as previous_high,
        lag(band_id) over (partition by dimension order by coalesce(low, -1e308), band_id) as previous_band,
        lead(band_id) over (partition by dimension order by coalesce(low, -1e308), band_id) as next_band
    from bands
    where not is_unknown
),

unknowns as (
    select
        dimension,
        count(case when is_unknown then 1 end) as unknown_bands
    from bands
    group by dimension
)

select
    dimension,
    'below ' || band_id || ': no band has values under ' || low as problem
from ordered
where previous_band is null and low is not null

union all

select
    dimension,
    'above ' || band_id || ': no band has values from ' || high || ' on' as problem
from ordered
where next_band is null and high is not null

union all

select
    dimension,
    'between ' || previous_band || ' and ' || band_id || ': high ' || coalesce(cast(previous_high as string), 'open')
    || ' differs from low ' || coalesce(cast(low as string), 'open') as problem
from ordered
where previous_band is not null and coalesce(previous_high <> low, true)

union all

select
    dimension,
    'has ' || unknown_bands || ' bands for unknown values instead of one' as problem
from unknowns
where unknown_bands <> 1
{% for level in segment_levels() %}
{%- for dimension in level.dimensions %}
union all

select
    '{{ dimension }}' as dimension,
    'has no bands, but the level {{ level.name }} needs them' as problem
from (select count(case when dimension = '{{ dimension }}' and not is_unknown then 1 end) as known_bands from bands) as counted
where known_bands = 0
{% endfor %}
{%- endfor %}
