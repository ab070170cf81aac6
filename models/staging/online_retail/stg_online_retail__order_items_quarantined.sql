{{ quarantined_rows('online_retail', 'order_items') }}
