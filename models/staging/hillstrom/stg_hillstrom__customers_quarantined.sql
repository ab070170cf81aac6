{{ quarantined_rows('hillstrom', 'customers') }}
