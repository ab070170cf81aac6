with final as (
    {{ union_sources('orders') }}
)

select * from final
