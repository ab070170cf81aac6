"""The figures that the live page shows: tasks, checks, audiences and micro-segments."""
