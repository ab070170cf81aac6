{% set siblings = 'partition by level, parent_segment_id, feature, measure' %}

with sums as (
    select * from {{ ref('micro_segment_feature_sums') }}
),

-- The rest of the parent, so that the two groups share no customer.
with_rest as (
    select
        sums.*,
        sum(customers) over ({{ siblings }}) - customers as customers_rest,
        sum(known) over ({{ siblings }}) - known as known_rest,
        sum(total) over ({{ siblings }}) - total as total_rest,
        sum(sum_of_squares) over ({{ siblings }}) - sum_of_squares as sum_of_squares_rest
    from sums
),

averaged as (
    select
        with_rest.*,
        total / known as mean,
        total_rest / known_rest as mean_rest,
        greatest(sum_of_squares - total * total / known, 0) / (known - 1) as variance,
        greatest(sum_of_squares_rest - total_rest * total_rest / known_rest, 0) / (known_rest - 1) as variance_rest
    from with_rest
    where known > 1 and known_rest > 1
),

-- Constant values on both sides have a variance of rounding errors only, and are left out.
compared as (
    select
        averaged.*,
        {{ hedges_g('known', 'mean', 'variance', 'known_rest', 'mean_rest', 'variance_rest') }} as difference
    from averaged
    where
        {{ pooled_variance('known', 'variance', 'known_rest', 'variance_rest') }}
        > 1e-10 * (sum_of_squares + sum_of_squares_rest) / (known + known_rest)
),

-- All differences of a segment lie in their intervals together with 95 % probability, so that the largest of many can be trusted.
bounded as (
    select
        compared.*,
        {{ normal_quantile_upper('(0.025 / greatest(count(*) over (partition by level, segment_id), 2))') }}
        * sqrt({{ hedges_g_variance('difference', 'known', 'variance', 'known_rest', 'variance_rest') }}) as margin
    from compared
),

final as (
    select
        level,
        segment_id,
        segment_name,
        parent_segment_id,
        parent_segment_name,
        as_of_date,
        feature,
        feature_label,
        feature_group,
        feature_theme,
        is_share,
        measure,
        customers,
        cast(customers_rest as bigint) as customers_rest,
        known,
        mean,
        cast(known_rest as bigint) as known_rest,
        mean_rest,
        difference,
        difference - margin as difference_low,
        difference + margin as difference_high,
        case
            when least(known, known_rest) < 10 then 'too_few'
            when abs(difference) > margin then 'clear'
            else 'unclear'
        end as verdict,
        {{ is_in_the_name() }} as is_in_the_name
    from bounded
)

select * from final
