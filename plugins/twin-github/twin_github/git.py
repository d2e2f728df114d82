"""Git as a program: one step at a time, within limits, and deaf to what a repository asks for.

In: arguments of git. Out: what it wrote, or a `ReadError` with git's own words and no credentials.
No shell is used, nobody is asked for a password, no hook or other program that a repository names
is started, and nothing but https and files is spoken.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final

import twin

if TYPE_CHECKING:
    from collections.abc import Iterator

_QUIET: Final = {
    "core.hooksPath": os.devnull,
    "core.fsmonitor": "false",
    "core.sshCommand": "false",
    "core.pager": "cat",
    "core.quotePath": "false",
    "diff.external": "",
    "log.showSignature": "false",
    "log.mailmap": "true",
    "mailmap.blob": "HEAD:.mailmap",
    "gc.auto": "0",
    "maintenance.auto": "false",
    "fetch.recurseSubmodules": "false",
    "submodule.recurse": "false",
    "protocol.allow": "never",
    "protocol.https.allow": "always",
    "protocol.file.allow": "always",
    "http.lowSpeedLimit": "1000",
    "http.lowSpeedTime": "30",
    "transfer.fsckObjects": "false",
}
_LOOK: Final = 0.05
"""Seconds between two looks at a step that runs."""

_WEIGH: Final = 20
"""Looks between two weighings of what it wrote."""

_SAID: Final = 400
"""Characters of git's own words that are passed on."""

_CREDENTIALS: Final = re.compile(r"//[^/@\s]+@")


@dataclass(frozen=True, slots=True)
class Git:
    """A repository and what git may take for it.

    Attributes:
        work: an empty folder for what git writes; the repository itself is never written to.
        repository: the folder of its objects, as `--git-dir` takes it; None before there is one.
        timeout: seconds of a step.
        max_total_bytes: of the folder `work`, while a step runs.
        protocols: those that git may speak, with colons between them; empty for none.
    """

    work: Path
    repository: Path | None = None
    timeout: float = 240.0
    max_total_bytes: int = 2_000_000_000
    protocols: str = ""

    def run(self, *arguments: str, given: bytes = b"") -> bytes:
        """Run a step and return what it wrote; for what is short.

        Raises:
            ReadError: if git fails, takes too long or writes too much.
        """
        with self.output(*arguments, given=given) as file:
            return file.read()

    @contextmanager
    def output(self, *arguments: str, given: bytes = b"") -> Iterator[IO[bytes]]:
        """Run a step and yield what it wrote, as a file that is read as one needs it.

        Raises:
            ReadError: if git fails, takes too long or writes too much.
        """
        names = [self.work / f"{arguments[0]}.{end}" for end in ("in", "out", "err")]
        names[0].write_bytes(given)
        with (
            names[0].open("rb") as entered,
            names[1].open("w+b") as left,
            names[2].open("w+b") as said,
        ):
            process = self._started(arguments, entered, left, said)
            try:
                self._wait(process, arguments[0])
            finally:
                _end(process)
            if process.returncode:
                said.seek(0)
                raise _failure(arguments[0], said.read().decode("utf-8", "replace"))
            left.seek(0)
            yield left

    @contextmanager
    def blobs(self) -> Iterator[subprocess.Popen[bytes]]:
        """Yield a process that gives objects by their names, one after the other."""
        with (self.work / "cat-file.err").open("w+b") as said:
            process = self._started(("cat-file", "--batch"), subprocess.PIPE, subprocess.PIPE, said)
            try:
                yield process
            finally:
                _end(process)
                for pipe in (process.stdin, process.stdout):
                    if pipe is not None:
                        with suppress(OSError):
                            pipe.close()

    def _started(
        self,
        arguments: tuple[str, ...],
        entered: IO[bytes] | int,
        left: IO[bytes] | int,
        said: IO[bytes],
    ) -> subprocess.Popen[bytes]:
        command = ["git", "--no-pager", "--literal-pathspecs"]
        for key, value in _QUIET.items():
            command += ["-c", f"{key}={value}"]
        if self.repository is not None:
            command.append(f"--git-dir={self.repository}")
        try:
            return subprocess.Popen(  # noqa: S603 - no shell; arguments that begin with - are refused
                [*command, *arguments],
                stdin=entered,
                stdout=left,
                stderr=said,
                cwd=self.work,
                env=self._environment(),
                start_new_session=True,
            )
        except FileNotFoundError as error:
            message = "git is not installed"
            raise twin.ComponentUnavailable(message, "install git 2.30 or later") from error

    def _environment(self) -> dict[str, str]:
        # What git was told by whoever started twin, from inside a hook for instance, is not meant.
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("GIT_", "SSH_ASKPASS"))}
        return {
            **kept,
            "LC_ALL": "C",
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_ASKPASS": "",
            "GIT_OPTIONAL_LOCKS": "0",
            "GIT_NO_LAZY_FETCH": "1",
            "GIT_ATTR_NOSYSTEM": "1",
            "GIT_LFS_SKIP_SMUDGE": "1",
            "GIT_ALLOW_PROTOCOL": self.protocols or "none",
            "GIT_INDEX_FILE": str(self.work / "index"),
            "GIT_CEILING_DIRECTORIES": str(self.work.parent),
        }

    def _wait(self, process: subprocess.Popen[bytes], step: str) -> None:
        deadline = time.monotonic() + self.timeout
        looks = 0
        while process.poll() is None:
            if time.monotonic() > deadline:
                message = f"git {step} took more than {self.timeout:g} s and was broken off"
                raise twin.ReadError(message, "raise the option timeout, or lower depth")
            looks += 1
            if looks % _WEIGH == 0 and _weight(self.work) > self.max_total_bytes:
                message = f"git {step} wrote more than {self.max_total_bytes:,} bytes"
                raise twin.ReadError(message, "raise the option max_total_bytes, or lower depth")
            with suppress(subprocess.TimeoutExpired):
                process.wait(_LOOK)
        if _weight(self.work) > self.max_total_bytes:
            message = f"git {step} wrote more than {self.max_total_bytes:,} bytes"
            raise twin.ReadError(message, "raise the option max_total_bytes, or lower depth")


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a process and those that it started."""
    if process.poll() is None:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _weight(folder: Path) -> int:
    size = 0
    for here, _, names in os.walk(folder):
        for name in names:
            with suppress(OSError):
                size += (Path(here) / name).lstat().st_size
    return size


def _failure(step: str, said: str) -> twin.ReadError:
    lines = [line for line in said.strip().splitlines() if line.strip()]
    telling = [line for line in lines if line.startswith(("fatal:", "error:", "remote:"))] or lines
    words = _CREDENTIALS.sub("//", " ".join(telling))[:_SAID] or "it does not say why"
    hint = "does `git fsck` find it sound?"
    if step in {"clone", "fetch", "ls-remote"}:
        hint = "is the address right, and may it be read without a password?"
    return twin.ReadError(f"git {step} failed: {words}", hint)
