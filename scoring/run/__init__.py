"""The nightly job: score the rows of a feature table, and write `scoring.predictions`."""
