"""The device of a run, and what a thread needs to compute on it."""
