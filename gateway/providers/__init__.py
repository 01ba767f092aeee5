"""Who carries our messages: the ports a sender relies on, and one module per provider.

Knows nothing of emergencies, hospitals or the database: a number, a text, and what became of it.
"""
