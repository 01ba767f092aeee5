"""The live process: open sockets, in a process of their own, so that they never starve callbacks.

It only reads, and what it sends is a hint: whoever missed one asks by the clock.
"""
