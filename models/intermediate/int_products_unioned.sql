with final as (
    {{ union_sources('products') }}
)

select * from final
