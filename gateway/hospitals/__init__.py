"""Hospitals as the gateway keeps them: the register, what they report, and the matching index."""
