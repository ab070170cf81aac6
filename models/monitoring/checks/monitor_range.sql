with comparisons as (
    select
        comparisons.*,
        cast(row_count - missing_rows as double) as known_rows
    from {{ ref('feature_comparisons') }} as comparisons
    where row_count > missing_rows
),

-- The spread between reference dates needs at least three of them.
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

-- If n new and m earlier rows have the same distribution, the k largest are all new with a probability below (n / (n + m))^k.
checked as (
    select
        rated.*,
        cast(null as double) as expected_low,
        greatest(highest_share, ln(chance / 2) / ln(known_rows / (known_rows + reference_known_weight)) / known_rows) as expected_high,
        value as effect,
        {{ percent_in_words('value') }} || ' of ' || {{ as_text('known_rows') }}
        || ' values are beyond the range of the reference by half or more.' as finding,
        'Check the source for a changed unit, currency or meaning; the model was not trained on such values.' as to_do
    from rated
),

final as (
    {{ monitoring_rows('checked') }}
)

select * from final
