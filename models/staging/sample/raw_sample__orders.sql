{{ raw_table('sample', canonical_files('orders'), canonical_headers('orders')) }}
