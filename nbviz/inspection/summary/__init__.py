"""A model's modules as a table."""
