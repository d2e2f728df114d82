"""What authors of plugins and engines test theirs with.

In: their components. Out: conformance suites to subclass. It needs pytest.
"""
