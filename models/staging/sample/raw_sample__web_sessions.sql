{{ raw_table('sample', canonical_files('web_sessions'), canonical_headers('web_sessions')) }}
