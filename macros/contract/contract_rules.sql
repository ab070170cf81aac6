{% macro contract_rules(table, relation=none, is_read=false) -%}
    {%- set rules = {
        'customers': {
            'missing_id': 'customer_id is null',
            'rounded_id': is_rounded_id('customer_id'),
            'missing_time': 'registered_at is null or valid_from is null or known_at is null',
            'implausible_time': is_placeholder_day('registered_at') ~ ' or ' ~ is_placeholder_day('valid_from')
                ~ ' or ' ~ is_implausible_time('known_at'),
            'event_after_arrival': 'valid_from > known_at',
            'implausible_birth_date': "birth_date < cast('1900-01-01' as date) or birth_date > registered_at",
            'negative_salary': 'annual_salary < 0',
            'implausible_salary': 'annual_salary > 5000000',
        },
        'products': {
            'missing_id': 'product_id is null',
            'rounded_id': is_rounded_id('product_id'),
            'missing_time': 'listed_at is null or known_at is null',
            'implausible_time': is_placeholder_day('listed_at') ~ ' or ' ~ is_implausible_time('known_at'),
            'negative_price': 'list_price < 0',
        },
        'orders': {
            'missing_id': 'order_id is null',
            'rounded_id': is_rounded_id('order_id') ~ ' or ' ~ is_rounded_id('customer_id'),
            'missing_time': 'ordered_at is null or known_at is null',
            'implausible_time': is_implausible_time('ordered_at') ~ ' or ' ~ is_implausible_time('known_at'),
            'unknown_order_type': is_other_category('order_type'),
            'event_after_arrival': 'ordered_at > known_at',
        },
        'order_items': {
            'missing_id': 'order_item_id is null or order_id is null',
            'rounded_id': is_rounded_id('order_item_id') ~ ' or ' ~ is_rounded_id('order_id'),
            'missing_time': 'ordered_at is null or known_at is null',
            'implausible_time': is_implausible_time('ordered_at') ~ ' or ' ~ is_implausible_time('known_at'),
            'event_after_arrival': 'ordered_at > known_at',
            'zero_quantity': 'coalesce(quantity, 0) = 0',
            'missing_price': 'unit_price is null',
            'negative_price': 'unit_price < 0',
            'implausible_price': 'unit_price > 100000',
            'unexplained_negative_quantity': "order_type = 'purchase' and quantity < 0",
        },
        'web_sessions': {
            'missing_id': 'session_id is null',
            'rounded_id': is_rounded_id('session_id') ~ ' or ' ~ is_rounded_id('customer_id'),
            'missing_time': 'started_at is null or known_at is null',
            'implausible_time': is_implausible_time('started_at') ~ ' or ' ~ is_implausible_time('known_at'),
            'event_after_arrival': 'started_at > known_at',
            'negative_count': 'administrative_pages < 0 or informational_pages < 0 or product_pages < 0',
            'negative_duration': 'administrative_seconds < 0 or informational_seconds < 0 or product_seconds < 0',
            'rate_out_of_range': 'bounce_rate not between 0 and 1 or exit_rate not between 0 and 1',
            'implausible_pages': 'administrative_pages > 100 + 10 * administrative_seconds
                or informational_pages > 100 + 10 * informational_seconds or product_pages > 100 + 10 * product_seconds',
        },
        'social_engagements': {
            'missing_id': 'engagement_id is null or customer_id is null',
            'rounded_id': is_rounded_id('engagement_id') ~ ' or ' ~ is_rounded_id('customer_id'),
            'missing_time': 'engaged_at is null or known_at is null',
            'implausible_time': is_implausible_time('engaged_at') ~ ' or ' ~ is_implausible_time('known_at'),
            'unknown_action': is_other_category('action'),
            'event_after_arrival': 'engaged_at > known_at',
        },
    }[table] -%}
    {%- set qualified = {} -%}
    {%- set names = canonical_kinds(table) | list + ['order_type'] -%}
    {%- for reason, condition in rules.items() -%}
        {%- if relation -%}
            {%- set condition = modules.re.sub('\\b(' ~ names | join('|') ~ ')\\b', relation ~ '.\\1', condition) -%}
        {%- endif -%}
        {%- do qualified.update({reason: condition}) -%}
        {%- if is_read and reason == 'missing_time' -%}
            {%- do qualified.update({'unreadable_value': is_unreadable(table, relation)}) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(qualified) }}
{%- endmacro %}

{% macro is_rounded_id(column) -%}
    {{ return(matches_pattern(column, '^[0-9]([.,][0-9]+[Ee][+]?|[Ee][+])[0-9]+$')) }}
{%- endmacro %}

{% macro is_implausible_time(column) -%}
    {{ return(
        '(' ~ column ~ " < cast('1971-01-01' as timestamp) or " ~ column ~ " >= cast('2200-01-01' as timestamp))"
    ) }}
{%- endmacro %}

{% macro is_placeholder_day(column) -%}
    {{ return('substr(cast(' ~ column ~ ' as string), 1, 10) in (' ~ placeholder_days() ~ ')') }}
{%- endmacro %}

{% macro is_other_category(column) -%}
    {{ return('(' ~ column ~ ' is null or ' ~ column ~ " not in ('" ~ canonical_categories(column) | join("', '") ~ "'))") }}
{%- endmacro %}

{% macro is_unreadable(table, relation=none) -%}
    {%- set at = relation ~ '.' if relation else '' -%}
    {{ return(at ~ 'filled_columns > ' ~ filled(readable_columns(table) | list, relation)) }}
{%- endmacro %}
