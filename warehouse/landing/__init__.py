"""Raw files as they were delivered: every record, with its file and number, counted twice.

A delivered file becomes Parquet in the landing folder, which staging reads instead of the file. The
dialect of a text file is stated or found by one rule, the reader's own guesses are off, and the
number of records is established by a second, independent scan.
"""
