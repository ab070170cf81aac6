with comparisons as (
    select
        comparisons.*,
        nullif(row_count - missing_rows, 0) as known_rows,
        nullif(reference_known_weight, 0) as known_before
    from {{ ref('feature_comparisons') }} as comparisons
),

-- The usual distance between reference dates, from season and new customers. It needs at least three of them.
usual as (
    select
        feature_table,
        feature,
        min(as_of_date) as first_date,
        max(as_of_date) as last_date,
        max(stability_index) as highest_stability_index,
        max(largest_distance) as highest_largest_distance
    from comparisons
    where not is_newest and known_rows is not null and known_before is not null
    group by
        feature_table,
        feature
    having count(*) >= 3
),

measured as (
    {%- for check, statistic in {'feature_psi': 'stability_index', 'feature_ks': 'largest_distance'}.items() %}
    select
        '{{ check }}' as check_name,
        'feature' as subject_type,
        comparisons.feature_table || '.' || comparisons.feature as subject,
        comparisons.feature_table,
        comparisons.as_of_date as observed_date,
        comparisons.row_count,
        comparisons.known_rows,
        comparisons.known_before,
        comparisons.part_count,
        case when usual.feature is not null then comparisons.{{ statistic }} end as value,
        usual.highest_{{ statistic }} as highest,
        usual.first_date,
        usual.last_date
    from comparisons
    left join usual
        on
            comparisons.feature_table = usual.feature_table
            and comparisons.feature = usual.feature
    where comparisons.is_newest
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
),

rated as (
    {{ with_thresholds('measured') }}
),

banded as (
    select
        rated.*,
        case check_name
            when 'feature_psi' then {{ psi_noise_floor('known_rows', 'known_before', 'part_count', 'z') }}
            else {{ ks_noise_floor('known_rows', 'known_before', 'chance') }}
        end as noise_floor
    from rated
),

checked as (
    select
        banded.*,
        cast(null as double) as expected_low,
        greatest(noise_floor, coalesce(highest, 0)) as expected_high,
        value as effect,
        case
            when value is null then {{ too_few_to_compare('row_count', 'known_rows', 'known_before') }}
            else
                'The distance from the dates ' || {{ date_as_text('first_date') }} || ' to ' || {{ date_as_text('last_date') }} || ' is '
                || {{ as_text('value', 3) }} || '; chance explains up to ' || {{ as_text('noise_floor', 3) }}
                || ', and those dates differ by up to ' || {{ as_text('coalesce(highest, 0)', 3) }} || '.'
        end as finding,
        'Check the source first; if it is correct, read the expected and realised checks and train again.' as to_do
    from banded
),

final as (
    {{ monitoring_rows('checked') }}
)

select * from final
