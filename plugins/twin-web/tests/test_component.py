"""The hook, the options, and what is imported when."""

import subprocess
import sys
from importlib.metadata import entry_points

import pytest
from pydantic import ValidationError

import twin_web
from twin.claims import claim_of
from twin.components import ReaderComponent
from twin.plugins import discover


def test_discovery_finds_the_readers() -> None:
    points = [point for point in entry_points(group="twin") if point.name == "web"]
    if not points:
        pytest.skip("twin-web is on the path and not installed")
    (plugin,) = discover(points=points).plugins
    assert plugin.failure == ""
    assert [p.component.name for p in plugin.provides] == [
        "web",
        "feed",
        "sitemap",
        "site",
        "saved",
    ]


def test_any_other_claim_wins() -> None:
    web, *others = twin_web.twin_readers()
    assert claim_of(web, "https://example.org/a") == 1
    assert [claim_of(other, "https://example.org/a") for other in others] == [0] * 4
    other = ReaderComponent(
        name="x", summary="", options=web.options, build=web.build, hosts=("example.org",)
    )
    assert claim_of(other, "https://example.org/a") > 1


def test_listing_the_plugin_imports_nothing_heavy() -> None:
    heavy = "('llama_index', 'bs4', 'lxml', 'trafilatura', 'feedparser', 'httpx', 'tenacity')"
    code = (
        "import sys, twin_web; list(twin_web.twin_readers());"
        f"print([m for m in {heavy} if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("reader", "wrong"),
    [
        ("web", {"platform": "My Blog"}),
        ("web", {"audience": "world"}),
        ("feed", {"limit": 3}),
        ("site", {"full": True}),
        ("site", {"limit": 0}),
        ("sitemap", {"unknown": 1}),
    ],
)
def test_wrong_options_are_refused(reader: str, wrong: dict[str, object]) -> None:
    [component] = [c for c in twin_web.twin_readers() if c.name == reader]
    with pytest.raises(ValidationError):
        component.options.model_validate(wrong)
