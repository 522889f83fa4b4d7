"""Steps made again, from a state that was kept: to go back, and to look at what was not logged."""
