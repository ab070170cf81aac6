{{ raw_table('sample', canonical_files('customers'), {
    'customer_id': 'customer_id',
    'full_name': 'full_name',
    'email': 'email',
    'gender': 'gender',
    'birth_date': 'birth_date',
    'region': 'region',
    'annual_salary': 'annual_salary',
    'has_marketing_consent': 'has_marketing_consent',
    'registered_at': 'registered_at',
    'valid_from': 'valid_from',
    'known_at': 'known_at',
}) }}
