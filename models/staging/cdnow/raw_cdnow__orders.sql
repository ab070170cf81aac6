with lines as (
    {{ raw_table('cdnow', ['*.txt'], {'line': 'line'}) }}
),

final as (
    select *
    from lines
    where line is null or line not like '%customer_id%'
)

select * from final
