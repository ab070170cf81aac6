{{ raw_table('sample', canonical_files('order_items'), canonical_headers('order_items')) }}
