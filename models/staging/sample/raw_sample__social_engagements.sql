{{ raw_table('sample', canonical_files('social_engagements'), {
    'engagement_id': 'engagement_id',
    'customer_id': 'customer_id',
    'campaign_id': 'campaign_id',
    'channel': 'channel',
    'action': 'action',
    'engaged_at': 'engaged_at',
    'known_at': 'known_at',
}) }}
