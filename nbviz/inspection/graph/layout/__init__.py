"""Where the boxes and lines of a level are drawn in a picture."""
