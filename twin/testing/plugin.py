"""What every plugin must pass.

In: a subclass that names the plugin. Out: a test a check::

    class TestPlugin(PluginContract):
        plugin = "journal"

The plugin must be installed (`twin install -e .`). `twin plugins test NAME` runs the same checks.
"""

from collections.abc import Callable

import pytest

from twin.plugins import discover
from twin.testing.conformance.checks import CHECKS, State, name_of, run
from twin.testing.conformance.subject import Subject, subject


class PluginContract:
    """All of the conformance kit; a subclass sets `plugin`."""

    plugin: str

    @pytest.fixture
    def subject(self) -> Subject:
        """Return the plugin that is checked."""
        if not any(plugin.name == self.plugin for plugin in discover().plugins):
            pytest.skip(f"{self.plugin} is not installed here: twin install -e .")
        return subject(self.plugin)

    @pytest.mark.parametrize("check", CHECKS, ids=name_of)
    def test_conformance(self, check: Callable[[Subject], None], subject: Subject) -> None:
        """Run one check."""
        result = run(check, subject)
        if result.state is State.NOT_HERE:
            pytest.skip(result.message)
        if result.state is State.UNMET:
            pytest.fail(f"{result.message}; {result.hint}", pytrace=False)
