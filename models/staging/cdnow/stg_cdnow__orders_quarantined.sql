{{ quarantined_rows('cdnow', 'orders') }}
