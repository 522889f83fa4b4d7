"""A step taken apart: its phases, and the run standing after one of them."""
