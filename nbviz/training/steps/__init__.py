"""One step: from a batch to losses, metrics and an update; and validation."""
