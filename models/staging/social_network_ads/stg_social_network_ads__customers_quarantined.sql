{{ quarantined_rows('social_network_ads', 'customers') }}
