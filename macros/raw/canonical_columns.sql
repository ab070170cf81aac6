{% macro canonical_columns(table) -%}
    {{ return({
        'customers': {
            'customer_id': 'string', 'full_name': 'string', 'email': 'string', 'gender': 'string',
            'birth_date': 'date', 'region': 'string', 'annual_salary': 'decimal(18, 2)',
            'has_marketing_consent': 'boolean', 'registered_at': 'timestamp', 'valid_from': 'timestamp',
            'known_at': 'timestamp',
        },
        'products': {
            'product_id': 'string', 'product_name': 'string', 'category': 'string',
            'list_price': 'decimal(18, 2)', 'listed_at': 'timestamp', 'known_at': 'timestamp',
        },
        'orders': {
            'order_id': 'string', 'customer_id': 'string', 'session_id': 'string', 'campaign_id': 'string',
            'order_type': 'string', 'original_order_id': 'string', 'ordered_at': 'timestamp',
            'known_at': 'timestamp',
        },
        'order_items': {
            'order_item_id': 'string', 'order_id': 'string', 'product_id': 'string', 'quantity': 'integer',
            'unit_price': 'decimal(18, 2)', 'discount_amount': 'decimal(18, 2)', 'ordered_at': 'timestamp',
            'known_at': 'timestamp',
        },
        'web_sessions': {
            'session_id': 'string', 'customer_id': 'string', 'started_at': 'timestamp',
            'administrative_pages': 'integer', 'administrative_seconds': 'decimal(18, 6)',
            'informational_pages': 'integer', 'informational_seconds': 'decimal(18, 6)',
            'product_pages': 'integer', 'product_seconds': 'decimal(18, 6)',
            'bounce_rate': 'decimal(18, 9)', 'exit_rate': 'decimal(18, 9)', 'page_value': 'decimal(18, 6)',
            'special_day': 'decimal(18, 6)', 'operating_system': 'string', 'browser': 'string',
            'region': 'string', 'traffic_source': 'string', 'visitor_type': 'string', 'is_weekend': 'boolean',
            'has_purchase': 'boolean', 'known_at': 'timestamp',
        },
        'social_engagements': {
            'engagement_id': 'string', 'customer_id': 'string', 'campaign_id': 'string', 'channel': 'string',
            'action': 'string', 'engaged_at': 'timestamp', 'known_at': 'timestamp',
        },
    }[table]) }}
{%- endmacro %}
