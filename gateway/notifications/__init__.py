"""Outgoing messages: written with their cause, sent afterwards, followed until delivered."""
