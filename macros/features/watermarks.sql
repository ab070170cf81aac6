{# The tables that each source that is on fills, with what source_catalog says of their completeness. #}
{% macro expected_tables() -%}
    {%- set rows = [] -%}
    {%- for source_name in var('sources') -%}
        {%- set entry = var('source_catalog')[source_name] -%}
        {%- for table in entry['fills'] -%}
            {%- set stated = entry.get('complete_until') -%}
            {%- if stated is mapping -%}{%- set stated = stated.get(table) -%}{%- endif -%}
            {%- set day = "cast('" ~ stated ~ "' as date)" if stated else 'cast(null as date)' -%}
            {%- set lag = entry.get('may_lag', false) -%}
            {%- set may_lag = table in lag if lag is sequence else lag -%}
            {%- do rows.append(
                "select '" ~ source_name ~ "' as source_name, '" ~ table ~ "' as table_name, " ~ day ~ ' as stated_until, '
                ~ (may_lag | string | lower) ~ ' as may_lag'
            ) -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ rows | join('\n    union all\n    ') }}
{%- endmacro %}

{#
    Null if a source that fills the table has delivered no row of it. A table that no source fills has no watermark: nothing is known
    of it, on any day.
#}
{% macro complete_until(table, watermarks=none) -%}
    (
        select case when count(*) = count(complete_until) then min(complete_until) end
        from {{ watermarks or ref('watermarks') }}
        where table_name = '{{ table }}' and source_name in ({{ sources_on() }})
    )
{%- endmacro %}
