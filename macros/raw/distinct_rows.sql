{#
    Each different row of a raw relation once, with the number of its copies in `raw_copies`, and in `is_conflicting` whether
    different rows claim the same key: which of them is right is not ours to guess. Left out are erased rows, and records that do not fit
    their header (quarantined_rows.sql). Where a row was found is no part of it.

    keys: expressions over the raw columns that name a row; without any, rows are only compared as a whole.
    Copies share their key, so only rows whose key (by its hash) occurs more than once are compared column by column:
    grouping all of a wide table by all of its columns would hold it in memory.
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

{# The columns of a raw relation that say where a row is from, not what it is. #}
{% macro raw_facts() -%}
    {{ return(['is_erased', 'raw_file', 'raw_record', 'ragged_text', 'raw_text']) }}
{%- endmacro %}
