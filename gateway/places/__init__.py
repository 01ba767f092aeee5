"""Places: the offline gazetteer, its importers, and the search for what a frightened person
types.
"""
