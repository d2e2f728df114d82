"""How good the twin is: what it finds, what it answers, and whether it sounds like the person.

In: goldens, answers, generated texts, checkpoints. Out: figures with their intervals, plots, and a
verdict. Nothing here changes what it measures.
"""
