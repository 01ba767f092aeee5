"""Callers: one row a phone, found by its blind index, with language and last place."""
