"""Plugins come and go: pip in the running environment, a trial, and the way back.

In: package names, project folders or wheels. Out: plugins that work, or an environment as it was.
"""
