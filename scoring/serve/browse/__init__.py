"""What the live page shows of a publication: tasks, checks, audiences, micro-segments."""
