{% set segment = 'partition by level, segment_id' %}
{% set surest = "case verdict when 'clear' then 0 else 1 end, case measure when 'value' then 0 else 1 end, "
    ~ "abs(difference) - (difference_high - difference_low) / 2 desc, feature" %}

with differences as (
    select *
    from {{ ref('micro_segment_differences') }}
    where not is_in_the_name
),

-- The surest window of each feature.
ranked_in_theme as (
    select
        differences.*,
        row_number() over ({{ segment }}, feature_group, feature_theme order by {{ surest }}) as rank_in_theme
    from differences
),

-- At most two features per group, so that a profile does not say "buys more" five times.
ranked_in_group as (
    select
        ranked_in_theme.*,
        row_number() over ({{ segment }}, feature_group order by {{ surest }}) as rank_in_group
    from ranked_in_theme
    where rank_in_theme = 1
),

ranked as (
    select
        ranked_in_group.*,
        row_number() over ({{ segment }} order by {{ surest }}) as difference_rank
    from ranked_in_group
    where rank_in_group <= 2
),

worded as (
    select
        ranked.*,
        case
            when measure = 'missing' then 'no value for "' || feature_label || '": ' || {{ percent_in_words('mean') }}
                || ' against ' || {{ percent_in_words('mean_rest') }}
            when is_share then feature_label || ': ' || {{ percent_in_words('mean') }}
                || ' against ' || {{ percent_in_words('mean_rest') }}
            else feature_label || ': ' || {{ number_in_words('mean', 'mean_rest') }}
                || ' against ' || {{ number_in_words('mean_rest', 'mean') }}
        end
        || case verdict when 'clear' then '' when 'unclear' then ' (may be chance)' else ' (too few to tell)' end as in_words
    from ranked
    where difference_rank <= 5
),

final as (
    select
        level,
        segment_id,
        segment_name,
        parent_segment_id,
        parent_segment_name,
        as_of_date,
        cast(difference_rank as integer) as difference_rank,
        in_words,
        verdict,
        feature,
        feature_label,
        feature_group,
        measure,
        customers,
        customers_rest,
        known,
        known_rest,
        mean,
        mean_rest,
        difference,
        difference_low,
        difference_high
    from worded
)

select * from final
