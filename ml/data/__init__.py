"""Find, sample and read the labelled rows of a task."""
