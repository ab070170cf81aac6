{{ quarantined_rows('sample', 'web_sessions') }}
