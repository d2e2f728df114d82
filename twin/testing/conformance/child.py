"""Import a plugin in a process of its own and tell what that did.

In: the entry point's name. Out: JSON on standard output: what was imported, opened, written and
started while the plugin was loaded and listed.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

LIMIT = 60.0
"""Seconds that a plugin may take; `twin doctor` has a limit of its own."""


def imported(name: str) -> dict[str, Any]:
    """Return what importing a plugin does."""
    with tempfile.TemporaryDirectory(prefix="twin-conformance-") as folder:
        home = {"HOME": folder, "TWIN_HOME": str(Path(folder, "home"))}
        done = subprocess.run(  # noqa: S603 - our own interpreter and module
            [sys.executable, "-P", "-m", "twin.testing.conformance.child", name],
            cwd=folder,
            env={**os.environ, **home, "PYTHONDONTWRITEBYTECODE": "1"},
            capture_output=True,
            text=True,
            timeout=LIMIT,
            check=False,
        )
        written = sorted(
            str(path.relative_to(folder)) for path in Path(folder).rglob("*") if path.is_file()
        )
    if done.returncode:
        return {"error": done.stderr.strip()[-500:]}
    return {**json.loads(done.stdout.splitlines()[-1]), "written": written}


def _tell(name: str) -> None:
    network: list[str] = []
    started: list[str] = []

    def audit(event: str, arguments: tuple[Any, ...]) -> None:
        if event in ("socket.connect", "socket.getaddrinfo", "socket.gethostbyname"):
            network.append(f"{event} {arguments[-1 if event == 'socket.connect' else 0]!r}")
        elif event in ("subprocess.Popen", "os.system", "os.posix_spawn", "os.exec"):
            started.append(f"{event} {arguments[0]!r}")

    from twin.plugins import discover  # noqa: PLC0415 - before it is watched

    before = set(sys.modules)
    threads = threading.active_count()
    sys.addaudithook(audit)
    points = [p for p in entry_points(group="twin") if p.name == name]
    [plugin] = discover(points=points).plugins
    new = sorted({module.partition(".")[0] for module in set(sys.modules) - before})
    print(  # noqa: T201 - read by the parent
        json.dumps(
            {
                "error": plugin.failure,
                "modules": new,
                "network": network,
                "started": started,
                "threads": threading.active_count() - threads,
            }
        )
    )


if __name__ == "__main__":
    _tell(sys.argv[1])
