"""From operations to boxes within boxes, one level at a time."""
