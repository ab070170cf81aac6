{#
    The raw input contract: what every source's staging delivers, whatever its files look like.
    A source need not fill every table, nor every column (it selects null). Event times and `known_at`
    (when the row reached us) are naive UTC timestamps.
#}
{% macro canonical_columns(table) -%}
    {{ return({
        'customers': {
            'customer_id': 'varchar', 'full_name': 'varchar', 'email': 'varchar', 'gender': 'varchar',
            'birth_date': 'date', 'region': 'varchar', 'annual_salary': 'decimal(18, 2)',
            'has_marketing_consent': 'boolean', 'registered_at': 'timestamp', 'valid_from': 'timestamp',
            'known_at': 'timestamp',
        },
        'products': {
            'product_id': 'varchar', 'product_name': 'varchar', 'category': 'varchar',
            'list_price': 'decimal(18, 2)', 'listed_at': 'timestamp', 'known_at': 'timestamp',
        },
        'orders': {
            'order_id': 'varchar', 'customer_id': 'varchar', 'session_id': 'varchar', 'campaign_id': 'varchar',
            'order_type': 'varchar', 'original_order_id': 'varchar', 'ordered_at': 'timestamp',
            'known_at': 'timestamp',
        },
        'order_items': {
            'order_item_id': 'varchar', 'order_id': 'varchar', 'product_id': 'varchar', 'quantity': 'integer',
            'unit_price': 'decimal(18, 2)', 'discount_amount': 'decimal(18, 2)', 'ordered_at': 'timestamp',
            'known_at': 'timestamp',
        },
        'web_sessions': {
            'session_id': 'varchar', 'customer_id': 'varchar', 'started_at': 'timestamp',
            'administrative_pages': 'integer', 'administrative_seconds': 'decimal(18, 6)',
            'informational_pages': 'integer', 'informational_seconds': 'decimal(18, 6)',
            'product_pages': 'integer', 'product_seconds': 'decimal(18, 6)',
            'bounce_rate': 'decimal(18, 9)', 'exit_rate': 'decimal(18, 9)', 'page_value': 'decimal(18, 6)',
            'special_day': 'decimal(18, 6)', 'operating_system': 'varchar', 'browser': 'varchar',
            'region': 'varchar', 'traffic_source': 'varchar', 'visitor_type': 'varchar', 'is_weekend': 'boolean',
            'has_purchase': 'boolean', 'known_at': 'timestamp',
        },
        'social_engagements': {
            'engagement_id': 'varchar', 'customer_id': 'varchar', 'campaign_id': 'varchar', 'channel': 'varchar',
            'action': 'varchar', 'engaged_at': 'timestamp', 'known_at': 'timestamp',
        },
    }[table]) }}
{%- endmacro %}
