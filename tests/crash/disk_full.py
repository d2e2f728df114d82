"""Commands on a disk that is full, in a process that has a small disk of its own.

In: a folder that is to become that disk, and the file for the report. Out: what went wrong, in words.
Run as ``unshare --user --map-root-user --mount python -m tests.crash.disk_full DISK REPORT``: the disk
is a file system in memory that only this process and its children see, and that goes with them.
"""

import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.crash.processes import ended, started
from tests.crash.scenes import SCENES, Scene, Stage
from tests.crash.victim import run

DISK = 768
"""Megabytes of the disk."""

LEFT = (0, 64, 4096, 400_000)
"""Kilobytes that are left on the disk when a command begins."""

NAMES = ("ingest", "sync", "rebuild")


def main() -> None:
    """Make the disk, play the scenes on it, and report."""
    disk, report = map(Path, sys.argv[1:])
    size = f"size={DISK}m,mode=700"
    subprocess.run(["mount", "-t", "tmpfs", "-o", size, "tmpfs", disk], check=True)
    with tempfile.TemporaryDirectory(dir=report.parent) as folder:
        stage = Stage(Path(folder))
        scenes = [scene for scene in SCENES if scene.name in NAMES]
        for scene in scenes:
            stage.uninterrupted(scene)
        stage.cases = disk
        played = [_played(stage, scene, left) for scene in scenes for left in LEFT]
    found = {
        "played": len(played),
        "refused": sum(code != 0 for code, _ in played),
        "problems": [problem for _, problems in played for problem in problems],
    }
    report.write_text(json.dumps(found), encoding="utf-8")


def _played(stage: Stage, scene: Scene, left: int) -> tuple[int | None, list[str]]:
    """Return the exit code of a command, and what was wrong."""
    plan = stage.begun(scene)
    ballast = stage.cases / "ballast"
    free = shutil.disk_usage(stage.cases).free - left * 1024
    subprocess.run(["fallocate", "--length", str(free), ballast], check=True)
    code = ended(started(run, plan))
    said = plan.output.read_text(encoding="utf-8")
    ballast.unlink()
    told = "error: " in said and "hint: " in said and "Traceback" not in said
    begun = f"{scene.name} with {left} KB left"
    problems = []
    if code != 0 and not (code == 1 and told):
        problems.append(f"{begun} ended with {code}: {said}")
    found = stage.looked_at(scene, plan, stage.uninterrupted(scene).end)
    return code, problems + [f"{begun}, and then room: {one}" for one in found]


if __name__ == "__main__":
    main()
