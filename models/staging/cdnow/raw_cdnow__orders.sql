{{ raw_table('cdnow', ['*.txt'], {'line': 'line'}) }}
