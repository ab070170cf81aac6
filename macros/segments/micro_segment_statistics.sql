{#
    It works level by level from the top: a segment's prior needs the prior of its parent, and a small segment rolls up to its
    ancestors.
#}
{% macro micro_segment_statistics(counts) -%}
grouped as (
    select
        level,
        parent_segment_id,
        as_of_date,
        outcome,
        count(*) as siblings,
        cast(sum(customers) as double) as customers,
        cast(sum(buyers) as double) as buyers,
        sum(cast(customers as double) * customers) as squared_customers,
        sum(cast(buyers as double) * buyers / customers) as squared_buyers
    from {{ counts }}
    group by
        level,
        parent_segment_id,
        as_of_date,
        outcome
),

groups as (
    select
        grouped.*,
        {{ group_size('siblings', 'customers', 'squared_customers') }} as size,
        {{ group_excess('siblings', 'customers', 'buyers', '(squared_buyers - buyers * buyers / customers)') }} as excess
    from grouped
    where {{ has_evidence('siblings', 'customers', 'buyers') }}
),

summed as (
    select
        level,
        as_of_date,
        outcome,
        sum(size * excess) as covariation,
        sum(size * size * (siblings - 1) * (customers - siblings) / (customers - 1)) as information,
        {%- for power in [2, 3, 4] %}
        sum(power(size, {{ power }}) * (siblings - 1)) as size_{{ power }}{{ ',' if not loop.last }}
        {%- endfor %}
    from groups
    group by
        level,
        as_of_date,
        outcome
),

estimated as (
    select
        summed.*,
        {{ sibling_correlation_estimate('covariation', 'information') }} as estimate
    from summed
),

correlations as (
    select
        level,
        as_of_date,
        outcome,
        estimate,
        {{ sibling_correlation_error('estimate', 'information', 'size_2', 'size_3', 'size_4') }} as error
    from estimated
),

compared as (
    select
        counts.*,
        cast(counts.customers as double) as total,
        cast(counts.buyers as double) as bought,
        grouped.customers as parent_total,
        grouped.buyers as parent_bought,
        {{ sibling_correlation('correlations.estimate', 'correlations.error') }} as rho
    from {{ counts }} as counts
    inner join grouped
        on
            counts.parent_segment_id = grouped.parent_segment_id
            and counts.level = grouped.level
            and counts.as_of_date = grouped.as_of_date
            and counts.outcome = grouped.outcome
    left join correlations
        on
            counts.level = correlations.level
            and counts.as_of_date = correlations.as_of_date
            and counts.outcome = correlations.outcome
),

rated as (
    select
        compared.*,
        {{ ratio('buyers', 'customers') }} as rate,
        {{ ratio('parent_bought', 'parent_total') }} as parent_rate,
        {{ wilson_low('buyers', 'customers') }} as wilson_low,
        {{ wilson_high('buyers', 'customers') }} as wilson_high,
        {{ clustered_weight('total', 'rho') }} as weight,
        {{ in_excess('bought', 'total', 'parent_bought', 'parent_total') }} as seen,
        {{ in_excess('bought', 'total', 'parent_bought', 'parent_total', of='parent') }} as parent_seen
    from compared
),

judged as (
    select
        rated.*,
        {{ verdict('rate', 'wilson_low', 'wilson_high') }} as verdict,
        {{ difference_p_value('seen', 'total', 'parent_seen', 'parent_total') }} as p_value,
        {%- for what, share in [('buyers', 'rate'), ('others', '(1 - rate)')] %}
        greatest(
            0,
            sum(weight * {{ share }}) over (partition by level, parent_segment_id, as_of_date, outcome) - weight * {{ share }}
        ) as sibling_{{ what }}{{ ',' if not loop.last }}
        {%- endfor %}
    from rated
),

level_0 as (
    select
        judged.*,
        segment_id as rolled_up_to,
        0.5e0 as prior_alpha,
        0.5e0 as prior_beta
    from judged
    where level = 0
),
{% for level in range(1, (segment_levels() | length) + 1) %}
level_{{ level }} as (
    select
        judged.*,
        case when judged.verdict = 'too_few' then parents.rolled_up_to else judged.segment_id end as rolled_up_to,
        {%- for prior, siblings in [('prior_alpha', 'sibling_buyers'), ('prior_beta', 'sibling_others')] %}
        case
            when judged.total = judged.parent_total then parents.{{ prior }}
            else
                (parents.{{ prior }} + judged.{{ siblings }})
                * {{ prior_share(
                    'parents.prior_alpha + parents.prior_beta + judged.sibling_buyers + judged.sibling_others', 'judged.rho'
                ) }}
        end as {{ prior }}{{ ',' if not loop.last }}
        {%- endfor %}
    from judged
    inner join level_{{ level - 1 }} as parents
        on
            judged.parent_segment_id = parents.segment_id
            and judged.as_of_date = parents.as_of_date
            and judged.outcome = parents.outcome
    where judged.level = {{ level }}
),
{% endfor %}
levels as (
    {%- for level in range((segment_levels() | length) + 1) %}
    select * from level_{{ level }}
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
),

posteriors as (
    select
        levels.*,
        prior_alpha + bought as alpha,
        prior_beta + total - bought as beta,
        {{ ln_beta('(prior_alpha + bought)', '(prior_beta + total - bought)') }} as ln_beta,
        row_number() over (partition by level > 0, as_of_date, outcome order by p_value, level, segment_id) as p_rank
    from levels
),

quantiles_0 as (
    select
        posteriors.*,
        {{ q_value_step('p_value', 'p_rank', 'level > 0, as_of_date, outcome') }} as q_step,
        {{ beta_quantile_start('alpha', 'beta', 'ln_beta') }} as low_0,
        {{ beta_quantile_start('beta', 'alpha', 'ln_beta') }} as high_0
    from posteriors
),
{% for step in range(1, beta_quantile_steps() + 1) %}
shares_{{ step }} as (
    select
        quantiles_{{ step - 1 }}.*,
        1 / (1 + exp(-low_{{ step - 1 }})) as low_share_{{ step }},
        1 / (1 + exp(-high_{{ step - 1 }})) as high_share_{{ step }}
    from quantiles_{{ step - 1 }}
),

quantiles_{{ step }} as (
    select
        shares_{{ step }}.*,
        {{ beta_quantile_step('low_' ~ (step - 1), 'low_share_' ~ step, 'alpha', 'beta', 'ln_beta') }} as low_{{ step }},
        {{ beta_quantile_step('high_' ~ (step - 1), 'high_share_' ~ step, 'beta', 'alpha', 'ln_beta') }} as high_{{ step }}
    from shares_{{ step }}
),
{% endfor %}
statistics as (
    select
        quantiles_{{ beta_quantile_steps() }}.*,
        round(alpha / (alpha + beta), 9) as eb_rate,
        round(least(alpha / (alpha + beta), 1 / (1 + exp(-low_{{ beta_quantile_steps() }}))), 9) as eb_low,
        round(greatest(alpha / (alpha + beta), 1 - 1 / (1 + exp(-high_{{ beta_quantile_steps() }}))), 9) as eb_high,
        {{ lift('rate', 'parent_rate') }} as lift,
        {{ q_value('q_step', 'p_rank', 'level > 0, as_of_date, outcome') }} as q_value,
        {{ customers_needed('buyers', 'customers') }} as customers_needed,
        {{ ratio('customers', 'max(case when level = 0 then customers end) over (partition by as_of_date, outcome)') }}
            as customers_share,
        coalesce({{ ratio('buyers', 'max(case when level = 0 then buyers end) over (partition by as_of_date, outcome)') }}, 0)
            as buyers_share,
        {{ ratio('predicted_buyers', 'customers_scored') }} as predicted_rate,
        {{ ratio('buyers_scored - predicted_buyers', 'customers_scored') }} as observed_minus_predicted,
        {%- for side in ['low', 'high'] %}
        case
            when customers_scored > 0
                then
                    {{ wilson_bound('buyers_scored', 'customers_scored', {'low': '-', 'high': '+'}[side]) }}
                    - {{ ratio('predicted_buyers', 'customers_scored') }}
        end as observed_minus_predicted_{{ side }}{{ ',' if not loop.last }}
        {%- endfor %}
    from quantiles_{{ beta_quantile_steps() }}
)
{%- endmacro %}
