"""A real repository, this one: every file of code comes in byte for byte."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from pathlib import Path

import pytest

from twin.components import BuildContext
from twin.documents import Kind
from twin.ingest.intake import Intake, take_in
from twin.warehouse.sqlite import SQLiteWarehouse

twin_github = pytest.importorskip("twin_github", reason="twin-github is not installed here")

ROOT = Path(__file__).parents[2]


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """Return a clone of this repository."""
    if shutil.which("git") is None or not (ROOT / ".git").exists():
        pytest.skip("this is no clone of a repository, or git is not installed")
    target = tmp_path / "twin"
    subprocess.run(
        ["git", "clone", "--quiet", "--no-local", "--no-tags", str(ROOT), str(target)], check=True
    )
    return target


def test_its_code_is_identical_byte_for_byte(clone: Path, tmp_path: Path) -> None:
    def git(*arguments: str) -> bytes:
        done = subprocess.run(
            ["git", "-C", str(clone), *arguments], check=True, capture_output=True
        )
        return done.stdout

    (component,) = twin_github.twin_readers()
    intake = Intake("github:twin")
    context = BuildContext(cache=tmp_path / "cache", data=tmp_path / "data", report=intake)
    reader = component.build(component.options(name="twin"), context)
    with SQLiteWarehouse(tmp_path / "warehouse.sqlite3") as warehouse:
        take_in(warehouse, reader, str(clone), intake)
        stored = [warehouse.get(summary.id).document for summary in warehouse.summaries()]
    assert not intake.broken
    assert not intake.failures

    code = [one for one in stored if one.kind is Kind.CODE]
    assert len(code) > 100
    for one in code:
        blob = git("cat-file", "blob", f"HEAD:{one.extra['path']}")
        text = one.text.encode()
        assert hashlib.sha256(text).digest() == hashlib.sha256(blob).digest(), one.source
        # The name that git itself gives these bytes.
        named = hashlib.sha1(b"blob %d\0" % len(text) + text, usedforsecurity=False).hexdigest()
        assert named == one.extra["blob"], one.source

    # Every file is a document, or was named with a reason.
    files = git("ls-files", "-z").decode().split("\0")[:-1]
    told = {remark.item for remark in intake.skips if not remark.item.endswith(" (front matter)")}
    assert {one.extra["path"] for one in stored} | told == set(files)
    assert {one.extra["head"] for one in stored} == {git("rev-parse", "HEAD").decode().strip()}
    python = {name for name in files if name.endswith(".py")}
    assert python == {one.extra["path"] for one in code if one.extra["path"].endswith(".py")}


def test_its_times_are_those_that_git_tells(clone: Path, tmp_path: Path) -> None:
    (component,) = twin_github.twin_readers()
    context = BuildContext(cache=tmp_path / "cache", data=tmp_path / "data")
    reader = component.build(component.options(include=("twin/**/*.py",)), context)
    found = list(reader.lazy_load_data(clone))
    assert found
    for one in found[:: max(1, len(found) // 20)]:
        told = subprocess.run(
            ["git", "-C", str(clone), "log", "-1", "--format=%aI", "--", one.metadata["path"]],
            check=True,
            capture_output=True,
            text=True,
        ).stdout.strip()
        assert one.metadata["published_at"] == told
