"""Emergencies and dispatches: their tables, and every use case that moves them."""
