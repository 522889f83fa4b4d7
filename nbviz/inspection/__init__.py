"""What a model is and does."""
