"""The random numbers of a run: kept, seeded, and shared by runs that take turns."""
