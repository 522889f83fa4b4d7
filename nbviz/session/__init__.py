"""What stands between recordings and pages: it is handed the panels, and knows their contract."""
