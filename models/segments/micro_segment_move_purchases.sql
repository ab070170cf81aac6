{% set outcomes = columns_with_role('customer_features', 'label') %}

with moves as (
    select * from {{ ref('customer_segment_moves') }}
),

labels as (
    select
        customer_id,
        {%- for outcome in outcomes %}
        {{ outcome.name }},
        {%- endfor %}
        as_of_date
    from {{ ref('customer_features') }}
),

counted as (
    select
        moves.level,
        moves.from_as_of_date,
        moves.to_as_of_date,
        moves.from_segment_id,
        moves.from_segment_name,
        moves.to_segment_id,
        moves.to_segment_name,
        {%- for outcome in outcomes %}
        labels_before.{{ outcome.name }} as {{ outcome.name }}_before,
        labels_after.{{ outcome.name }} as {{ outcome.name }}_after,
        {%- endfor %}
        count(*) as customers
    from moves
    left join labels as labels_before
        on
            moves.customer_id = labels_before.customer_id
            and moves.from_as_of_date = labels_before.as_of_date
    left join labels as labels_after
        on
            moves.customer_id = labels_after.customer_id
            and moves.to_as_of_date = labels_after.as_of_date
    group by
        moves.level,
        moves.from_as_of_date,
        moves.to_as_of_date,
        moves.from_segment_id,
        moves.from_segment_name,
        moves.to_segment_id,
        {%- for outcome in outcomes %}
        labels_before.{{ outcome.name }},
        labels_after.{{ outcome.name }},
        {%- endfor %}
        moves.to_segment_name
),

{% for outcome in outcomes %}
of_{{ outcome.name }} as (
    select
        level,
        from_as_of_date,
        to_as_of_date,
        '{{ outcome.name }}' as outcome,
        from_segment_id,
        from_segment_name,
        to_segment_id,
        to_segment_name,
        cast({{ outcome.name }}_before as integer) as bought_before,
        cast({{ outcome.name }}_after as integer) as bought_after,
        cast(sum(customers) as bigint) as customers
    from counted
    where
        from_as_of_date in (
            select labels.as_of_date
            from labels
            where labels.{{ outcome.name }} is not null
        )
        and to_as_of_date in (
            select labels.as_of_date
            from labels
            where labels.{{ outcome.name }} is not null
        )
    group by
        level,
        from_as_of_date,
        to_as_of_date,
        from_segment_id,
        from_segment_name,
        to_segment_id,
        to_segment_name,
        {{ outcome.name }}_before,
        {{ outcome.name }}_after
),
{% endfor %}

final as (
    {%- for outcome in outcomes %}
    select * from of_{{ outcome.name }}
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
)

select * from final
