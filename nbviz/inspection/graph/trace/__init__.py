"""One pass of a model, as the operations and module calls that it made."""
