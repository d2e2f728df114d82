"""The conformance kit: what makes a plugin one that people can rely on, as checks.

In: an installed plugin. Out: for each check whether it is met, does not apply, or is not met, with
what to do. `twin plugins test NAME` runs them, and so does a test class of the plugin's own::

    from twin.testing.plugin import PluginContract

    class TestPlugin(PluginContract):
        plugin = "journal"
"""
