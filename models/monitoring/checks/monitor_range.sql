with comparisons as (
    select
        comparisons.*,
        cast(nullif(row_count - missing_rows, 0) as double) as known_rows,
        nullif(reference_known_weight, 0) as known_before
    from {{ ref('feature_comparisons') }} as comparisons
),

-- The spread between reference dates needs at least three of them.
usual as (
    select
        feature_table,
        feature,
        max(outside_rows / known_rows) as highest_share
    from comparisons
    where not is_newest and known_rows is not null
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
        comparisons.feature_table,
        comparisons.as_of_date as observed_date,
        comparisons.row_count,
        comparisons.known_rows,
        comparisons.known_before,
        case
            when usual.feature is not null and comparisons.known_before is not null then comparisons.outside_rows / comparisons.known_rows
        end as value,
        usual.highest_share
    from comparisons
    left join usual
        on
            comparisons.feature_table = usual.feature_table
            and comparisons.feature = usual.feature
    where comparisons.is_newest
),

rated as (
    {{ with_thresholds('measured') }}
),

-- If n new and m earlier rows have the same distribution, the k largest are all new with a probability below (n / (n + m))^k.
checked as (
    select
        rated.*,
        cast(null as double) as expected_low,
        greatest(highest_share, ln(chance / 2) / ln(known_rows / (known_rows + known_before)) / known_rows) as expected_high,
        value as effect,
        case
            when value is null then {{ too_few_to_compare('row_count', 'known_rows', 'known_before') }}
            else
                {{ percent_in_words('value') }} || ' of ' || {{ as_text('known_rows') }}
                || ' values are beyond the range of the reference by half or more.'
        end as finding,
        'Check the source for a changed unit, currency or meaning; the model was not trained on such values.' as to_do
    from rated
),

final as (
    {{ monitoring_rows('checked') }}
)

select * from final
