{#
    Each different row of a raw relation once, with the number of its copies in `raw_copies`, and in `is_conflicting` whether
    different rows claim the same key: which of them is right is not ours to guess.

    keys: expressions over the raw columns that name a row; without any, rows are only compared as a whole.
    Copies share their key, so only rows whose key occurs more than once, or is missing, are compared column by column:
    grouping all of a wide table by all of its columns would hold it in memory.
#}
{% macro distinct_rows(relation, keys=['raw_hash']) -%}
    {%- set found = adapter.get_columns_in_relation(relation) if execute else [] -%}
    {#- Before the first build the relation is not there yet. -#}
    {%- set columns = [] -%}
    {%- for name in found | map(attribute='name') | list or ['raw_hash'] -%}
        {%- do columns.append('raw_rows.' ~ name) -%}
    {%- endfor -%}
    {%- set matches, missing = [], [] -%}
    {%- for key in keys -%}
        {%- do matches.append(key ~ ' = repeated.key_' ~ loop.index) -%}
        {%- do missing.append(key ~ ' is null') -%}
    {%- endfor -%}
    {%- set needs_comparing = '(repeated.key_1 is not null or ' ~ missing | join(' or ') ~ ')' -%}
    {%- set repeated -%}
    left join (
        select
            {%- for key in keys %}
            {{ key }} as key_{{ loop.index }}{{ ',' if not loop.last }}
            {%- endfor %}
        from {{ relation }}
        group by
            {{ keys | join(',\n            ') }}
        having count(*) > 1
    ) as repeated on {{ matches | join(' and ') }}
    {%- endset -%}
    select
        {{ columns | join(',\n        ') }},
        1 as raw_copies,
        false as is_conflicting
    from {{ relation }} as raw_rows
    {{ repeated }}
    where not {{ needs_comparing }}
    union all
    select
        {{ columns | join(',\n        ') }},
        count(*) as raw_copies,
        count(*) over (partition by {{ keys | join(', ') }}) > 1 and not ({{ missing | join(' or ') }}) as is_conflicting
    from {{ relation }} as raw_rows
    {{ repeated }}
    where {{ needs_comparing }}
    group by
        {{ columns | join(',\n        ') }}
{%- endmacro %}
