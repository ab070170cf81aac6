{{ quarantined_rows('sample', 'social_engagements') }}
