{#
    The siblings of a parent that is shown pass two rounds:
    1. By number: segments of fewer than `k` customers are merged. The choice is the same for each outcome. So nobody can compare
       two outcomes of one date to find out more.
    2. By outcome: segments where everybody or nobody bought are merged, because they would tell what each customer did.

    In both rounds the smallest siblings are added until the merged segment may be shown. So no hidden number can be found by
    subtraction. Parts of a merged segment are not shown. Where all parts of a parent would be merged, only the parent is shown.
#}
{% macro merge_small_segments(counts, sums) -%}
{%- set family = 'parent_segment_id, as_of_date, outcome' -%}
shown_0 as (
    select
        counts.*,
        true as has_parts
    from {{ counts }} as counts
    where
        level = 0
        and customers >= {{ var('k') }}
        and buyers > 0
        and buyers < customers
),
{% for level in range(1, (segment_levels() | length) + 1) %}
sized_{{ level }} as (
    select
        counts.*,
        case when counts.customers < {{ var('k') }} then 1 else 0 end as is_small,
        sum(case when counts.customers < {{ var('k') }} then 1 else 0 end) over (partition by {{ qualified_list('counts', family) }})
            as small_siblings,
        coalesce(sum(counts.customers) over (
            partition by {{ qualified_list('counts', family) }}
            order by counts.customers, counts.segment_id
            rows between unbounded preceding and 1 preceding
        ), 0) as customers_before
    from {{ counts }} as counts
    inner join shown_{{ level - 1 }} as parents
        on
            counts.parent_segment_id = parents.segment_id
            and counts.as_of_date = parents.as_of_date
            and counts.outcome = parents.outcome
    where
        counts.level = {{ level }}
        and parents.has_parts
),

-- The second round orders the segments: first those merged already or where everybody or nobody bought, then the smallest.
judged_{{ level }} as (
    select
        sized_{{ level }}.*,
        case
            when is_small = 1 or (small_siblings > 0 and customers_before < {{ var('k') }}) then 1
            when buyers = 0 or buyers = customers then 1
            else 0
        end as is_unsafe
    from sized_{{ level }}
),

ordered_{{ level }} as (
    select
        judged_{{ level }}.*,
        sum(is_unsafe) over (partition by {{ family }}) as unsafe_siblings,
        {%- for column in ['customers', 'buyers'] %}
        coalesce(sum({{ column }}) over (
            partition by {{ family }}
            order by is_unsafe desc, customers, segment_id
            rows between unbounded preceding and 1 preceding
        ), 0) as {{ column }}_first{{ ',' if not loop.last }}
        {%- endfor %}
    from judged_{{ level }}
),

marked_{{ level }} as (
    select
        ordered_{{ level }}.*,
        is_unsafe = 1
        or (
            unsafe_siblings > 0
            and (customers_first < {{ var('k') }} or buyers_first = 0 or buyers_first = customers_first)
        ) as is_merged
    from ordered_{{ level }}
),

parts_{{ level }} as (
    select
        marked_{{ level }}.*,
        count(case when not is_merged then 1 end) over (partition by {{ family }}) as shown_siblings
    from marked_{{ level }}
),

shown_{{ level }} as (
    select
        segment_id,
        segment_name,
        level,
        parent_segment_id,
        as_of_date,
        outcome,
        {{ sums | join(',\n        ') }},
        true as has_parts
    from parts_{{ level }}
    where not is_merged
    union all
    select
        parts.parent_segment_id || '/other' as segment_id,
        parents.segment_name || ' | all others' as segment_name,
        parts.level,
        parts.parent_segment_id,
        parts.as_of_date,
        parts.outcome,
        {%- for column in sums %}
        sum(parts.{{ column }}) as {{ column }},
        {%- endfor %}
        false as has_parts
    from parts_{{ level }} as parts
    inner join shown_{{ level - 1 }} as parents
        on
            parts.parent_segment_id = parents.segment_id
            and parts.as_of_date = parents.as_of_date
            and parts.outcome = parents.outcome
    where
        parts.is_merged
        and parts.shown_siblings > 0
    group by
        parents.segment_name,
        parts.level,
        parts.parent_segment_id,
        parts.as_of_date,
        parts.outcome
),
{% endfor %}
merged as (
    {%- for level in range((segment_levels() | length) + 1) %}
    select * from shown_{{ level }}
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
)
{%- endmacro %}

{% macro qualified_list(relation, columns) -%}
    {%- for column in columns.split(', ') -%}{{ relation }}.{{ column }}{{ ', ' if not loop.last }}{%- endfor -%}
{%- endmacro %}
