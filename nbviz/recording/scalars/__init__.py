"""The points of a run's tags: what is logged, on its way into series."""
