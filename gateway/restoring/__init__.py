"""A database that was set back to an older copy: how that is noticed, and what waits until the
hospitals' boxes have told what they know.
"""
