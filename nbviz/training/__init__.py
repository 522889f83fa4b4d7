"""A run, with no screen in sight."""
