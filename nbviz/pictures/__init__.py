"""Runs and graphs as SVG, PNG, PDF and pages: what is saved beside a live view."""
