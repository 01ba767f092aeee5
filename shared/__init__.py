"""The domain: what an emergency, a hospital, a match is.

Frozen values, pure functions and Protocols. Nothing here does I/O, reads a clock or throws dice
of its own; it may import the standard library and pure libraries such as phonenumbers.
"""
