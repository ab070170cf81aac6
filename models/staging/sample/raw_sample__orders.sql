{{ raw_table('sample', canonical_files('orders'), {
    'order_id': 'order_id',
    'customer_id': 'customer_id',
    'session_id': 'session_id',
    'campaign_id': 'campaign_id',
    'order_type': 'order_type',
    'original_order_id': 'original_order_id',
    'ordered_at': 'ordered_at',
    'known_at': 'known_at',
}) }}
