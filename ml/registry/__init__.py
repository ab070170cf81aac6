"""What is known of each model, in the warehouse schema `registry`; who is champion, and why."""
