"""Charts of a user's own data as shapes, for readers without a kernel."""
