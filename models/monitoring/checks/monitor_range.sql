with comparisons as (
    select
        comparisons.*,
        cast(row_count - missing_rows as double) as known_rows
    from {{ ref('feature_comparisons') }} as comparisons
    where row_count > missing_rows
),

-- Fewer than three dates do not say how far they lie from each other.
usual as (
    select
        feature_table,
        feature,
        max(outside_rows / known_rows) as highest_share
    from comparisons
    where not is_newest
    group by
        feature_table,
        feature
    having count(*) >= 3
),

measured as (
    select
        'range' as check_name,
        'feature' as subject_type,
        comparisons.feature_table || '.' || comparisons.feature as subject,
        comparisons.as_of_date as observed_date,
        comparisons.known_rows,
        comparisons.reference_known_weight,
        comparisons.outside_rows / comparisons.known_rows as value,
        usual.highest_share
    from comparisons
    inner join usual
        on
            comparisons.feature_table = usual.feature_table
            and comparisons.feature = usual.feature
    where comparisons.is_newest and comparisons.reference_known_weight > 0
),

rated as (
    {{ with_thresholds('measured') }}
),

-- Of n rows and m before, all alike, the k largest are all among the n with a probability below (n / (n + m))^k.
checked as (
    select
        rated.*,
        cast(null as double) as expected_low,
        greatest(highest_share, ln(chance / 2) / ln(known_rows / (known_rows + reference_known_weight)) / known_rows) as expected_high,
        value as effect,
        {{ percent_in_words('value') }} || ' of ' || {{ as_text('known_rows') }}
        || ' values are lower or higher than any before by more than half.' as finding,
        'Look for another unit, currency or meaning; no model knows what lies out there.' as to_do
    from rated
),

final as (
    {{ monitoring_rows('checked') }}
)

select * from final
