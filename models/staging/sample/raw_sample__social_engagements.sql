{{ raw_table('sample', canonical_files('social_engagements'), canonical_headers('social_engagements')) }}
