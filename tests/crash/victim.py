"""The processes that a crash test starts: the one that dies, and those that look at what is left.

In: a home and a command of `twin`. Out: an exit code, and files that say what was written and where
the process died. All of them are forked from one process that has imported everything and started
nothing, so that each begins within milliseconds.
"""

import json
import os
import sys
from collections.abc import Mapping
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path
from typing import Any

from tests.crash.write_points import Deadly, arm
from twin import cli

SMALL = {
    ("twin.ingest.sync", "CHARACTERS"): 4_000,
    ("twin.ingest.sync", "LOADED"): 3,
    ("twin.ingest.sync", "PAGE"): 12,
    ("twin.ingest.intake", "BATCH"): 8,
}
"""What the product does at once, made small: many writes, and many moments between them."""


@dataclass(frozen=True)
class Plan:
    """What a victim is to do.

    Attributes:
        home: its home.
        notes: a folder that is left to the test: what was written, and where it died.
        command: of `twin`, without ``--home``.
        plugins: the folder with the distribution of the embedders.
        point: where it ends itself; empty lets it live.
        nth: at which hit of the point.
        environment: variables of its own.
    """

    home: Path
    notes: Path
    command: tuple[str, ...]
    plugins: Path
    point: str = ""
    nth: int = 1
    environment: Mapping[str, str] = field(default_factory=dict)

    @property
    def died_at(self) -> Path:
        """Holds the name of the point at which it died."""
        return self.notes / "died-at"

    @property
    def written(self) -> Path:
        """Holds a line for each document that the warehouse has acknowledged."""
        return self.notes / "written"

    @property
    def sessions(self) -> Path:
        """Holds the id of the session in which the last transaction was begun on a server."""
        return self.notes / "session"

    @property
    def hits(self) -> Path:
        """Holds how often each point was hit, if it lived."""
        return self.notes / "hits.json"

    @property
    def output(self) -> Path:
        """Holds what it printed."""
        return self.notes / "output"


def run(plan: Plan) -> None:
    """Be the victim."""
    prepare(plan.plugins, plan.environment)
    for (module, name), value in SMALL.items():
        __import__(module)
        setattr(sys.modules[module], name, value)
    deadly = Deadly(plan.point, plan.nth, plan.died_at)
    with plan.written.open("a", encoding="utf-8") as written:

        def told(name: str, args: Any, result: Any) -> None:
            if name == "put_many":
                lines = [f"put {put.document_id} {put.version}\n" for put in result]
            elif name == "delete":
                lines = [f"delete {identity}\n" for identity in args[0]]
            else:
                return
            written.write("".join(lines))
            written.flush()

        def opened(session: str) -> None:
            plan.sessions.write_text(session, encoding="ascii")

        arm(deadly, told, opened)
        output = plan.output.open("w", encoding="utf-8", buffering=1)
        with output, redirect_stdout(output), redirect_stderr(output):
            code = cli.run(["--home", str(plan.home), *plan.command])
    plan.hits.write_text(json.dumps(deadly.hits), encoding="utf-8")
    os._exit(code)


def prepare(plugins: Path, environment: Mapping[str, str] = {}) -> None:
    """Let this process find the embedders, and nothing of the person who runs the tests."""
    sys.path.insert(0, str(plugins))
    sys.argv = ["twin"]
    for name in [name for name in os.environ if name.startswith("TWIN_")]:
        del os.environ[name]
    os.environ |= environment


def twin(home: Path, *command: str) -> tuple[int, str, str]:
    """Run a command of `twin` in this process; return its exit code, output and errors."""
    out, err = StringIO(), StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        code = cli.run(["--home", str(home), *command])
    return code, out.getvalue(), err.getvalue()
