"""What every plugin must pass."""

from twin.testing.plugin import PluginContract


class TestConformance(PluginContract):
    plugin = "presidio"
