"""The hook, the options and the globs."""

import subprocess
import sys
from importlib.metadata import entry_points

import pytest
from pydantic import ValidationError

import twin_files
from twin.plugins import discover
from twin_files.options import FilesOptions
from twin_files.patterns import matches


def test_discovery_finds_the_reader() -> None:
    points = [point for point in entry_points(group="twin") if point.name == "files"]
    if not points:
        pytest.skip("twin-files is on the path and not installed")
    (plugin,) = discover(points=points).plugins
    assert plugin.failure == ""
    assert [(p.component.name, p.provider) for p in plugin.provides] == [
        ("files", "twin-files 0.1.0")
    ]


def test_the_component_claims_folders_and_suffixes() -> None:
    (component,) = twin_files.twin_readers()
    assert component.directories
    assert {".md", ".dj", ".html", ".py"} <= set(component.suffixes)
    assert not component.hosts


def test_listing_the_plugin_imports_nothing_heavy() -> None:
    code = (
        "import sys, twin_files; list(twin_files.twin_readers());"
        "print([m for m in ('llama_index', 'bs4', 'yaml', 'markdownify') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": ""},
        {"name": "a/b"},
        {"name": "a\nb"},
        {"kind": "essay"},
        {"audience": "world"},
        {"platform": "My Blog"},
        {"max_bytes": 0},
        {"include": ("",)},
        {"exclude": "a,b", "unknown": 1},
    ],
)
def test_wrong_options_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        FilesOptions.model_validate(wrong)


def test_globs_can_be_written_on_a_command_line() -> None:
    assert FilesOptions.model_validate({"exclude": "drafts, *.txt"}).exclude == ("drafts", "*.txt")


@pytest.mark.parametrize(
    ("path", "glob", "expected"),
    [
        ("a/b.md", "*.md", True),
        ("a/b.md", "a/*.md", True),
        ("a/b/c.md", "a/*.md", False),
        ("a/b/c.md", "a/**/*.md", True),
        ("a/c.md", "a/**/*.md", True),
        ("x/drafts/a.md", "drafts", True),
        ("x/drafts/a.md", "drafts/", True),
        ("x/drafts/a.md", "/drafts/", False),
        ("drafts/a.md", "/drafts/", True),
        ("a/b.md", "./a", True),
        ("b1.md", "b[0-9].md", True),
        ("bx.md", "b[!0-9].md", True),
        ("b1.md", "b[!0-9].md", False),
        ("b.md", "?.md", True),
        ("a+b.md", "a+b.md", True),
        ("caf\u0065\u0301.md", "caf\u00e9.md", True),
        ("[x.md", "[x.md", True),
    ],
)
def test_globs(path: str, glob: str, expected: bool) -> None:  # noqa: FBT001
    assert matches(path, (glob,)) is expected
