{{ raw_table('sample', canonical_files('products'), canonical_headers('products')) }}
