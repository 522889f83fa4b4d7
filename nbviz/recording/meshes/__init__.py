"""Meshes and clouds of points in space that were logged."""
