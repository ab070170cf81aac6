with final as (
    {{ union_sources('web_sessions') }}
)

select * from final
