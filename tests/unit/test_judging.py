"""Whoever is logged in judges their own answers, and nobody else's."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

UNKNOWN = "this answer is not known any more"


def test_nobody_judges_the_answers_of_another(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.unit.judging"],
        env=os.environ | {"TWIN_HOME": str(tmp_path / "home")},
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    said: dict[str, Any] = {}
    for line in done.stdout.splitlines():
        told = json.loads(line)
        said[told.pop("what")] = told

    up, down = [1.0, "just so", "m"], [0.0, "just so", "m"]
    assert said["nobody"] == {"status": 401, "stored": []}
    assert said["another"] == {"status": 404, "stored": []}
    assert said["one's own"] == {"status": 200, "stored": [up]}
    # One thumb an answer, whatever id the browser says that it has.
    assert said["one's own again, by another id"] == {"status": 200, "stored": [down]}
    # What is not kept is not said to be kept.
    assert said["of no answer"] == {"status": 404, "stored": [down]}
    assert said["another takes back"] == {"status": 404, "stored": [down]}
    assert said["one takes back"] == {"status": 200, "stored": []}

    for button in ("open", "correct", "edit", "choose", "rate"):
        assert said[f"ada: {button}"] == {"error": UNKNOWN}
    assert said["ines: open"]["error"] != UNKNOWN
    correction, edited = "edit: Said by m.", "edit: Said by n."
    chosen, thumb = "choice: Said by n.", "thumb: Said by n."
    assert said["ines: correct"]["stored"] == [correction]
    assert said["ines: edit"]["stored"] == [correction, edited]
    assert said["ines: choose"]["stored"] == [chosen, correction, edited]
    # A thumb on one of two texts is about that one.
    assert said["ines: rate"]["stored"] == [chosen, correction, edited, thumb]
    assert said["ines: takes back"]["stored"] == ["choice", "edit", "edit"]
    # The two texts of a draft are of one trace: their scores do not replace each other.
    ids = [one for one in said["scores"]["ids"] if one]
    assert len(ids) == len(set(ids)) == 2
