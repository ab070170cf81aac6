"""The nightly job: the rows of a feature table through a bundle into `scoring.predictions`."""
