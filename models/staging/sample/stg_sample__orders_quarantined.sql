{{ quarantined_rows('sample', 'orders') }}
