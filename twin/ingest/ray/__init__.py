"""The engine that parses and embeds on a Ray cluster.

In: steps of a sync. Out: the same steps, prepared. `stages` is what runs on the workers, `cluster`
starts Ray or finds it, and `engine` is what runs here.
"""
