"""Files of hospitals: one module for each format."""
