{{ raw_table('social_network_ads', ['*.csv', '*.parquet'], {
    'user_id': 'User ID',
    'gender': 'Gender',
    'age': 'Age',
    'estimated_salary': 'EstimatedSalary',
    'purchased': 'Purchased',
}) }}
