with moves as (
    select * from {{ ref('customer_segment_moves') }}
),

counted as (
    select
        level,
        from_as_of_date,
        to_as_of_date,
        move,
        from_segment_id,
        from_segment_name,
        to_segment_id,
        to_segment_name,
        count(*) as customers
    from moves
    group by
        level,
        from_as_of_date,
        to_as_of_date,
        move,
        from_segment_id,
        from_segment_name,
        to_segment_id,
        to_segment_name
),

totalled as (
    select
        counted.*,
        cast(sum(customers) over (partition by level, from_as_of_date, to_as_of_date, from_segment_id) as bigint)
            as from_customers,
        cast(sum(customers) over (partition by level, from_as_of_date, to_as_of_date, to_segment_id) as bigint)
            as to_customers
    from counted
),

final as (
    select
        level,
        from_as_of_date,
        to_as_of_date,
        move,
        from_segment_id,
        from_segment_name,
        to_segment_id,
        to_segment_name,
        customers,
        from_customers,
        to_customers,
        {{ ratio('customers', 'from_customers') }} as rate,
        {{ wilson_low('customers', 'from_customers') }} as wilson_low,
        {{ wilson_high('customers', 'from_customers') }} as wilson_high
    from totalled
)

select * from final
