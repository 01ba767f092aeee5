"""Files of places: one module for each format."""
