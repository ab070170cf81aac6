{{ quarantined_rows('online_shoppers', 'web_sessions') }}
