"""Optimizers, their schedules, and the values that can be set while a run is active."""
