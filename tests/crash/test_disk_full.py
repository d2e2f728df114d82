"""A command on a full disk says so and harms nothing; with room again, one `twin sync` does the rest."""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from tests.crash.killing import quick_folder
from tests.crash.processes import REPOSITORY

NAMESPACE = ("unshare", "--user", "--map-root-user", "--mount")
"""Gives a process file systems of its own, also where one may mount none."""


def may_mount(folder: Path) -> bool:
    """Return whether a process may have a disk of its own here."""
    mount = ("mount", "-t", "tmpfs", "tmpfs", str(folder))
    try:
        return (
            subprocess.run([*NAMESPACE, *mount], capture_output=True, check=False).returncode == 0
        )
    except FileNotFoundError:
        return False


def test_a_full_disk_is_told_and_does_no_harm(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    if not may_mount(disk):
        pytest.skip("this system lets a test mount no file system of its own (unshare)")
    with tempfile.TemporaryDirectory(prefix="twin-crash-", dir=quick_folder(tmp_path)) as folder:
        report = Path(folder) / "report.json"
        module = (sys.executable, "-m", "tests.crash.disk_full", str(disk), str(report))
        done = subprocess.run(
            [*NAMESPACE, *module], cwd=REPOSITORY, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        found = json.loads(report.read_text(encoding="utf-8"))
    assert found["problems"] == []
    # Not every command fails: whoever has room for it has it done.
    assert 0 < found["refused"] < found["played"]
