"""What is measured of a model in training, to colour the boxes of its graph."""
