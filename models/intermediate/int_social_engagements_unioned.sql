with final as (
    {{ union_sources('social_engagements') }}
)

select * from final
