"""What patients keep with Haven about themselves, and what they agreed to share. A patient is the
caller whose phone it is.
"""
