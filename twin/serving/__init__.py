"""What stays open: the twin of a process that goes on, and the page that shows it.

In: a home. Out: answers as they are written, to whoever may read them.
"""
