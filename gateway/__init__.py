"""The centre: callbacks, use cases, database, providers, matcher, live updates, command line.

May import every room but `edge_node`.
"""
