with counted as (
    {%- for table in raw_contract_tables() %}
    {%- set values = ["'" ~ table ~ "'", 'source_name'] + canonical_columns(table) | list %}
    select
        '{{ table }}' as table_name,
        {{ known_from('known_at') }} as known_from,
        count(*) as row_count,
        sum(cast({{ row_hash(values) }} as decimal(38, 0))) as hash_sum
    from {{ ref('int_' ~ table ~ '_unioned') }}
    where source_name in ({{ sources_on() }})
    group by {{ known_from('known_at') }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

final as (
    select
        table_name,
        known_from,
        row_count,
        cast(hash_sum as decimal(38, 0)) as hash_sum
    from counted
)

select * from final
