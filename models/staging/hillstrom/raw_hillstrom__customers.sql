{{ raw_table('hillstrom', ['*.csv', '*.parquet'], {
    'recency': 'recency',
    'history_segment': 'history_segment',
    'history': 'history',
    'mens': 'mens',
    'womens': 'womens',
    'zip_code': 'zip_code',
    'newbie': 'newbie',
    'channel': 'channel',
    'segment': 'segment',
    'visit': 'visit',
    'conversion': 'conversion',
    'spend': 'spend',
}) }}
