"""A gateway and the boxes of one hospital on one machine, driven whole by a seed: real programs on
real SQLite, with time, networks, power and disks that the seed owns.

What the gateway makes of a claim is a table of its own (`patients`), which counts every effect.
Everything else is the product.
"""
