with final as (
    {%- for source_name, table in raw_tables() %}
    {{ quarantined_rows(source_name, table) }}
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
)

select * from final
