"""Africa's Talking as the gateway sees it, and the feature phone that a caller holds.

Speaks AT's own HTTP interface outward, so that nothing of the gateway changes for it; everything is
kept in memory and bounded. For tests, demonstrations and training: it sends nothing to anybody.
"""
