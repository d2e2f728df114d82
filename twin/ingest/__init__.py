"""From sources to the warehouse, and from the warehouse to the index.

In: a source and a reader, or the change feed. Out: documents at rest, then points, and a count of
everything that happened, by name where something went wrong.
"""
