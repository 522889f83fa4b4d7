"""What is kept of a run in a file: its state and its curves, to go on from."""
