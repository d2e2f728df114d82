"""From a question to passages.

In: a question and who asks. Out: passages in order, each an exact span of a document's version,
with the filters that were found and the time of every step.
"""
