"""What every plugin must pass."""

from twin.testing.plugin import PluginContract


class TestPlugin(PluginContract):
    plugin = "medium"
