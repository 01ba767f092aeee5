"""The protocol between the gateway and a hospital's box: events, streams, frames, sealing.

Sans-I/O: bytes in, bytes out. One named exception, `stream_log`, keeps the streams in a database
that its user hands in. May import `shared` only.
"""
