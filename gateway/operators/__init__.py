"""Operators at work: what they see, and what they do by hand."""
