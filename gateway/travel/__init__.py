"""Travel times by road: asked of a routing engine beside the turns of callers, and kept in memory.

Only `fetching` talks to the engine, in a thread of its own. Whoever ranks hospitals looks at what
is kept and never waits.
"""
