"""Embeddings that were logged: vectors of a set of points, projected and followed over steps."""
