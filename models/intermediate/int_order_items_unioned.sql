with final as (
    {{ union_sources('order_items') }}
)

select * from final
