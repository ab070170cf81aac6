{#
    The rows keep the rules of their table in the raw contract (macros/contract/contract_rules.sql), whatever source they come from.
    Returns the number of rows of each source that break each rule, and one of them.
#}
{% test keeps_contract(model, table) %}
with judged as (
    select
        rows_of_sources.*,
        {{ quarantine_reason(contract_rules(table)) }} as broken_rule
    from {{ model }} as rows_of_sources
)

select
    'source ' || source_name || ' has ' || cast(count(*) as string) || ' clean rows of {{ table }} that break the rule ' || broken_rule
    || ': quarantine them in models/staging/' || source_name || '. One of them is ' || max({{ canonical_kinds(table) | first }}) as problem
from judged
where broken_rule is not null
group by
    source_name,
    broken_rule
{% endtest %}
