"""What the menus mean here: the stored session of a caller, what is known when it begins, and what
each intent does. The bearers (USSD, voice) are thin doors in front of it.
"""
