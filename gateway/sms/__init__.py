"""Incoming SMS: what it means and what is done about it."""
