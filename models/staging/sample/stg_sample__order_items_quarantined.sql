{{ quarantined_rows('sample', 'order_items') }}
