"""What a classifier predicts for samples, step by step."""
