"""The only place that knows Jupyter."""
