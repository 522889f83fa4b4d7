"""The model's graph: trace, hierarchy, export."""
