with comparisons as (
    select
        comparisons.*,
        cast(missing_rows as double) / nullif(row_count, 0) as missing_share,
        cast(reference_missing_rows as double) / nullif(reference_rows, 0) as reference_share,
        nullif(reference_weight, 0) as rows_before
    from {{ ref('feature_comparisons') }} as comparisons
),

-- The spread between reference dates needs at least three of them.
usual as (
    select
        feature_table,
        feature,
        min(missing_share) as lowest_share,
        max(missing_share) as highest_share
    from comparisons
    where not is_newest and missing_share is not null
    group by
        feature_table,
        feature
    having count(*) >= 3
),

measured as (
    select
        'null_share' as check_name,
        'feature' as subject_type,
        comparisons.feature_table || '.' || comparisons.feature as subject,
        comparisons.feature_table,
        comparisons.as_of_date as observed_date,
        cast(comparisons.row_count as double) as row_count,
        cast(comparisons.rows_before as double) as rows_before,
        case when usual.feature is not null and comparisons.rows_before is not null then comparisons.missing_share end as value,
        comparisons.missing_share,
        comparisons.reference_share,
        (comparisons.reference_share * comparisons.rows_before + 2) / (comparisons.rows_before + 4) as likely_share,
        usual.lowest_share,
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

banded as (
    select
        rated.*,
        row_count * likely_share as likely_rows,
        row_count * likely_share * (1 - likely_share) * (1 + row_count / rows_before) as likely_variance,
        1 - 2 * likely_share as likely_skew
    from rated
),

checked as (
    select
        banded.*,
        least(lowest_share, {{ count_low('likely_rows', 'likely_variance', 'z', 'likely_skew') }} / row_count) as expected_low,
        greatest(highest_share, {{ count_high('likely_rows', 'likely_variance', 'z', 'likely_skew') }} / row_count) as expected_high,
        abs(value - reference_share) as effect,
        case
            when value is null then {{ too_few_to_compare('row_count', 'missing_share', 'rows_before') }}
            else
                {{ percent_in_words('value') }} || ' of ' || {{ as_text('row_count') }} || ' rows have no value, '
                || {{ percent_in_words('reference_share') }} || ' in the reference.'
        end as finding,
        'Trace the column back to its source; the model scores rows without a value, but with less information.' as to_do
    from banded
),

final as (
    {{ monitoring_rows('checked') }}
)

select * from final
