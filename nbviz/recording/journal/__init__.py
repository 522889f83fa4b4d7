"""A run in event files: written while it trains, read back later."""
