"""A run written for other tools: tables, TensorBoard's event files, W&B's offline directory."""
