with final as (
    {{ union_sources('customers') }}
)

select * from final
