"""Calls that callers asked for: at most one at a time, made again once, limited, and then
answered by SMS. What is said on them is in `gateway.voice`.
"""
