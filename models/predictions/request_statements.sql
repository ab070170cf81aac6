{#
    dbt renders the models a second time here, so that the service runs the same SQL that built the tables. The parts for
    incremental runs are left out.
#}
{%- set parts = [
    'int_customers_known', 'int_customer_orders_aggregated', 'int_customer_products_aggregated', 'int_customer_sessions_aggregated',
    'int_customer_engagements_aggregated', 'int_customer_purchases_labelled',
] -%}
{%- set relations = parts + ['customer_features', 'session_features'] -%}
{%- set inputs = [
    'int_as_of_dates_scheduled', 'int_customers_unioned', 'as_of_calendar', 'orders', 'order_items', 'products', 'sessions',
    'engagements', 'watermarks',
] -%}
{%- set refs = {} -%}
{%- for name in inputs + relations %}{% do refs.update({name: ref(name)}) %}{% endfor -%}
{%- set statements = [] -%}
{%- if execute -%}
    {%- for name in relations -%}
        {%- do statements.append((name, refs[name], render(model_named(name).raw_code))) -%}
    {%- endfor -%}
    {%- do statements.append(('customer_request', none, request_rows('customers', 'registered_at'))) -%}
    {%- do statements.append(('session_request', none, request_rows('web_sessions', 'started_at'))) -%}
    {%- for entity in ['customer', 'session'] -%}
        {%- set keys = {'entity_id': entity ~ '_id'} -%}
        {%- do statements.append((
            entity ~ '_words', none, reasons_in_words('predictions', 'features', entity ~ '_features', keys)
        )) -%}
    {%- endfor -%}
{%- endif -%}

with final as (
    {%- for name, relation, text in statements %}
    select
        cast({{ loop.index }} as integer) as position,
        '{{ name }}' as statement,
        '{{ refs["sessions"].database }}' as database_name,
        {{ "'" ~ relation.schema ~ "'" if relation else 'cast(null as string)' }} as schema_name,
        {{ "'" ~ relation.identifier ~ "'" if relation else 'cast(null as string)' }} as table_name,
        '{{ var("sources") | first }}' as source_name,
        {{ dbt.string_literal(dbt.escape_single_quotes(text)) }} as sql_text
    {{ 'union all' if not loop.last }}
    {%- else %}
    select
        cast(null as integer) as position,
        cast(null as string) as statement,
        cast(null as string) as database_name,
        cast(null as string) as schema_name,
        cast(null as string) as table_name,
        cast(null as string) as source_name,
        cast(null as string) as sql_text
    {%- endfor %}
)

select * from final
