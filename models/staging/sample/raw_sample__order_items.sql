{{ raw_table('sample', canonical_files('order_items'), {
    'order_item_id': 'order_item_id',
    'order_id': 'order_id',
    'product_id': 'product_id',
    'quantity': 'quantity',
    'unit_price': 'unit_price',
    'discount_amount': 'discount_amount',
    'ordered_at': 'ordered_at',
    'known_at': 'known_at',
}) }}
