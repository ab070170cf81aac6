{% macro canonical_kinds(table) -%}
    {{ return({
        'customers': {
            'customer_id': 'id', 'full_name': 'text', 'email': 'text', 'gender': 'category', 'birth_date': 'date',
            'region': 'label', 'annual_salary': 'money', 'has_marketing_consent': 'flag', 'registered_at': 'moment',
            'valid_from': 'moment', 'known_at': 'moment',
        },
        'products': {
            'product_id': 'id', 'product_name': 'text', 'category': 'label', 'list_price': 'money',
            'listed_at': 'moment', 'known_at': 'moment',
        },
        'orders': {
            'order_id': 'id', 'customer_id': 'id', 'session_id': 'id', 'campaign_id': 'text',
            'order_type': 'category', 'original_order_id': 'id', 'ordered_at': 'moment', 'known_at': 'moment',
        },
        'order_items': {
            'order_item_id': 'id', 'order_id': 'id', 'product_id': 'id', 'quantity': 'count', 'unit_price': 'money',
            'discount_amount': 'money', 'ordered_at': 'moment', 'known_at': 'moment',
        },
        'web_sessions': {
            'session_id': 'id', 'customer_id': 'id', 'started_at': 'moment',
            'administrative_pages': 'count', 'administrative_seconds': 'amount',
            'informational_pages': 'count', 'informational_seconds': 'amount',
            'product_pages': 'count', 'product_seconds': 'amount',
            'bounce_rate': 'share', 'exit_rate': 'share', 'page_value': 'amount', 'special_day': 'amount',
            'operating_system': 'text', 'browser': 'text', 'region': 'text', 'traffic_source': 'text',
            'visitor_type': 'category', 'is_weekend': 'flag', 'has_purchase': 'flag', 'known_at': 'moment',
        },
        'social_engagements': {
            'engagement_id': 'id', 'customer_id': 'id', 'campaign_id': 'text', 'channel': 'code',
            'action': 'category', 'engaged_at': 'moment', 'known_at': 'moment',
        },
    }[table]) }}
{%- endmacro %}

{% macro canonical_types() -%}
    {{ return({
        'id': 'string', 'text': 'string', 'label': 'string', 'code': 'string', 'category': 'string',
        'count': 'integer', 'money': 'decimal(18, 2)', 'amount': 'decimal(18, 6)', 'share': 'decimal(18, 9)',
        'flag': 'boolean', 'date': 'date', 'moment': 'timestamp',
    }) }}
{%- endmacro %}

{% macro canonical_columns(table) -%}
    {%- set columns = {} -%}
    {%- for column, kind in canonical_kinds(table).items() -%}
        {%- do columns.update({column: canonical_types()[kind]}) -%}
    {%- endfor -%}
    {{ return(columns) }}
{%- endmacro %}

{% macro canonical_categories(column) -%}
    {{ return({
        'gender': {'female': ['f', 'w', 'woman', 'female'], 'male': ['m', 'man', 'male']},
        'order_type': {
            'purchase': ['purchase', 'sale', 'order'],
            'return': ['return', 'returned', 'refund', 'refunded'],
            'cancellation': ['cancellation', 'cancelled', 'canceled'],
        },
        'visitor_type': {
            'returning': ['returning', 'returning_visitor', 'returning visitor'],
            'new': ['new', 'new_visitor', 'new visitor'],
        },
        'action': {
            'impression': ['impression', 'view'], 'click': ['click'], 'like': ['like'], 'share': ['share'],
            'follow': ['follow'],
        },
    }[column]) }}
{%- endmacro %}

{% macro raw_contract_tables() -%}
    {{ return(['customers', 'products', 'orders', 'order_items', 'web_sessions', 'social_engagements']) }}
{%- endmacro %}

{% macro event_time(table) -%}
    {{ return({
        'customers': 'valid_from', 'products': none, 'orders': 'ordered_at', 'order_items': 'ordered_at',
        'web_sessions': 'started_at', 'social_engagements': 'engaged_at',
    }[table]) }}
{%- endmacro %}
