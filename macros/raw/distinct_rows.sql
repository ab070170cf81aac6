{#
    Copies have the same key. So only rows whose key (by its hash) occurs more than once are compared column by column. To group a
    wide table by all of its columns would hold it in memory.
#}
{% macro distinct_rows(relation, keys=['raw_hash']) -%}
    {%- set found = adapter.get_columns_in_relation(relation) if execute else [] -%}
    {#- Before the first build the relation is not there yet. -#}
    {%- set columns = [] -%}
    {%- for name in found | map(attribute='name') | reject('in', raw_facts()) | list or ['raw_hash'] -%}
        {%- do columns.append('raw_rows.' ~ name) -%}
    {%- endfor -%}
    {%- set repeated -%}
    (
        select {{ row_hash(keys) }} as key_hash
        from {{ relation }}
        where not is_erased and ragged_text is null
        group by {{ row_hash(keys) }}
        having count(*) > 1
    ) as repeated on {{ row_hash(keys) }} = repeated.key_hash
    {%- endset -%}
    select{{ broadcast('repeated') }}
        {{ columns | join(',\n        ') }},
        1 as raw_copies,
        false as is_conflicting
    from {{ relation }} as raw_rows
    left join {{ repeated }}
    where repeated.key_hash is null and not raw_rows.is_erased and raw_rows.ragged_text is null
    union all
    select{{ broadcast('repeated') }}
        {{ columns | join(',\n        ') }},
        count(*) as raw_copies,
        count(*) over (partition by {{ keys | join(', ') }}) > 1 and {{ keys | join(' is not null and ') }} is not null as is_conflicting
    from {{ relation }} as raw_rows
    inner join {{ repeated }}
    where not raw_rows.is_erased and raw_rows.ragged_text is null
    group by
        {{ columns | join(',\n        ') }}
{%- endmacro %}

{% macro raw_facts() -%}
    {{ return(['is_erased', 'raw_file', 'raw_record', 'ragged_text', 'raw_text']) }}
{%- endmacro %}
