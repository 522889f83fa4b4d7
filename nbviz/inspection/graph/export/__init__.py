"""A graph in other programs' formats."""
