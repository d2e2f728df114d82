"""Learning the person: runs of Axolotl, from a dataset to an adapter.

In: a dataset's folder and a YAML file of Axolotl. Out: ``runs/<id>/`` in the home, with its
configuration, manifest, log, curves and adapter. Axolotl lives in an environment of its own and is
run as a program; nothing here imports it.
"""
