with comparisons as (
    select
        comparisons.*,
        cast(missing_rows as double) / row_count as missing_share,
        cast(reference_missing_rows as double) / nullif(reference_rows, 0) as reference_share
    from {{ ref('feature_comparisons') }} as comparisons
    where row_count > 0
),

-- The spread between reference dates needs at least three of them.
usual as (
    select
        feature_table,
        feature,
        min(missing_share) as lowest_share,
        max(missing_share) as highest_share
    from comparisons
    where not is_newest
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
        comparisons.as_of_date as observed_date,
        cast(comparisons.row_count as double) as row_count,
        cast(comparisons.reference_weight as double) as reference_weight,
        comparisons.missing_share as value,
        comparisons.reference_share,
        (comparisons.reference_share * comparisons.reference_weight + 2) / (comparisons.reference_weight + 4) as likely_share,
        usual.lowest_share,
        usual.highest_share
    from comparisons
    inner join usual
        on
            comparisons.feature_table = usual.feature_table
            and comparisons.feature = usual.feature
    where comparisons.is_newest and comparisons.reference_weight > 0
),

rated as (
    {{ with_thresholds('measured') }}
),

banded as (
    select
        rated.*,
        row_count * likely_share as likely_rows,
        row_count * likely_share * (1 - likely_share) * (1 + row_count / reference_weight) as likely_variance,
        1 - 2 * likely_share as likely_skew
    from rated
),

checked as (
    select
        banded.*,
        least(lowest_share, {{ count_low('likely_rows', 'likely_variance', 'z', 'likely_skew') }} / row_count) as expected_low,
        greatest(highest_share, {{ count_high('likely_rows', 'likely_variance', 'z', 'likely_skew') }} / row_count) as expected_high,
        abs(value - reference_share) as effect,
        {{ percent_in_words('value') }} || ' of ' || {{ as_text('row_count') }} || ' rows have no value, '
        || {{ percent_in_words('reference_share') }} || ' in the reference.' as finding,
        'Trace the column back to its source; the model scores rows without a value, but with less information.' as to_do
    from banded
),

final as (
    {{ monitoring_rows('checked') }}
)

select * from final
