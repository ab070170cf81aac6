{{ raw_table('sample', canonical_files('products'), {
    'product_id': 'product_id',
    'product_name': 'product_name',
    'category': 'category',
    'list_price': 'list_price',
    'listed_at': 'listed_at',
    'known_at': 'known_at',
}) }}
