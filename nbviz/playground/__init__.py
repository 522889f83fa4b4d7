"""Draw an input and see what a model answers, also while it trains."""
