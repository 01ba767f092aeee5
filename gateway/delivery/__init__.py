"""Sending what the outbox holds, following it until it is delivered, and saying when it cannot
be.
"""
