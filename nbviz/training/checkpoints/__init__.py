"""The state of a run: captured between two steps, restored, written and read."""
