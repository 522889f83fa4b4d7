"""Other libraries' interfaces, spoken over ours."""
