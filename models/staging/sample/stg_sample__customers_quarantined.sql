{{ quarantined_rows('sample', 'customers') }}
