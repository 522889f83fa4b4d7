"""Statistics of a model's tensors, sampled while it trains."""
