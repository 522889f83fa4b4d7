"""Where the boxes and edges of a level are drawn in a picture."""
