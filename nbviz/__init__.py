"""Watch, steer and understand a PyTorch training run inside the notebook cell."""
