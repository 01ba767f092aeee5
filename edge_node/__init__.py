"""The hospital's box: console, local store, sync agent, command line.

May import `sync` and `shared`; it installs without the gateway's dependencies.
"""
