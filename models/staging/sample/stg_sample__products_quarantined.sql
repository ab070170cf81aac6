{{ quarantined_rows('sample', 'products') }}
