{{ raw_table('sample', canonical_files('customers'), canonical_headers('customers')) }}
