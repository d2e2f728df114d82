"""Ray for as long as it is needed: a cluster that is there already, or one started here.

In: the settings of the ingest. Out: how many workers fit, and Ray as quiet as a library should be:
no dashboard, no progress bars, no usage statistics, nothing in the current folder, and no process
left behind.
"""

from __future__ import annotations

import logging
import os
import shutil
import signal
import socket
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

from twin.errors import ComponentUnavailable, ConfigurationError
from twin.tables import IngestSettings

OBJECT_STORE = 256 * 2**20
"""Bytes of the shared memory of a Ray that is started here. A block has less than one hundredth."""

_PATIENCE = 10.0
"""Seconds to wait for a cluster to answer."""

_HINT = "check ingest.ray_address and RAY_ADDRESS, and that all machines have the same Ray"

_EXECUTOR = "StreamingExecutor"
"""How the names of the threads begin in which Ray runs a dataset."""

_ENVIRONMENT = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_USAGE_STATS_PROMPT_ENABLED": "0",
    # What still runs when Ray is stopped must not start it again.
    "RAY_ENABLE_AUTO_CONNECT": "0",
    # Under `uv run` Ray would send the current folder to every worker.
    "RAY_ENABLE_UV_RUN_RUNTIME_ENV": "0",
    # Its native part writes remarks to the terminal; what fails is raised as well.
    "RAY_BACKEND_LOG_LEVEL": "fatal",
    # Without GPUs asked for, those that a worker sees are left as they are.
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    """What there is to work with.

    Attributes:
        workers: how many embedding workers there are to be.
        threads: how many threads of computation each may have.
        gpus: of each.
    """

    workers: int
    threads: int
    gpus: float


def require_ray() -> None:
    """Make sure that Ray is installed.

    Raises:
        ConfigurationError: if it is not.
    """
    if find_spec("ray") is None or find_spec("pyarrow") is None:
        message = "ingest.engine: 'ray' needs Ray Data, which is not installed"
        raise ConfigurationError(message, "pip install 'twin[ray]', or take the engine 'local'")


@contextmanager
def cluster(ingest: IngestSettings) -> Iterator[Cluster]:
    """Connect to Ray, or start it; in the end disconnect, or stop it.

    Args:
        ingest: `ray_address`, `ray_workers` and `ray_gpus` of twin.toml.

    Raises:
        ConfigurationError: if the address is none of a cluster.
        ComponentUnavailable: if it cannot be reached or started, or has too few GPUs.
    """
    for name, value in _ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    import ray  # noqa: PLC0415 - seconds
    import ray.data  # noqa: PLC0415

    with ExitStack() as closing:
        closing.enter_context(_quiet())
        closing.enter_context(_last_threads())
        if not ray.is_initialized():
            address = ingest.ray_address or os.environ.get("RAY_ADDRESS", "")
            _connect(address, closing)
        context = ray.data.DataContext.get_current().copy()
        context.enable_progress_bars = False
        context.print_on_execution_start = False
        context.execution_options.preserve_order = True
        closing.enter_context(ray.data.DataContext.current(context))
        nodes = ray.nodes()  # type: ignore[no-untyped-call]
        yield _sized(ingest, [node["Resources"] for node in nodes if node["Alive"]])


def _connect(address: str, closing: ExitStack) -> None:
    import ray  # noqa: PLC0415 - seconds

    if address.startswith("ray://"):
        message = f"ingest.ray_address: {address} is that of Ray's client"
        hint = "run twin on a machine of the cluster, with the address of its head: HOST:6379"
        raise ConfigurationError(message, hint)
    options: dict[str, Any] = {"address": address}
    if address in {"", "local"}:
        options = {
            "address": "local",
            "include_dashboard": False,
            "object_store_memory": OBJECT_STORE,
            # It writes there until it is stopped, so the folder goes after that.
            "_temp_dir": closing.enter_context(_folder()),
        }
    else:
        _answers(address)
    closing.callback(ray.shutdown)
    main = threading.current_thread() is threading.main_thread()
    before = signal.getsignal(signal.SIGTERM) if main else None
    try:
        with _nothing_on_stderr():
            ray.init(**options, log_to_driver=False, configure_logging=False)
    except Exception as error:  # whatever its parts raise: ConnectionError, ValueError, OSError
        where = f"at {address} cannot be reached" if address else "cannot be started here"
        message = f"Ray {where}: {str(error).strip() or type(error).__name__}"
        raise ComponentUnavailable(message, _HINT) from error
    finally:
        if before is not None:
            signal.signal(signal.SIGTERM, before)


def _answers(address: str) -> None:
    """Make sure that somebody is there, for whom Ray would look for minutes.

    Raises:
        ComponentUnavailable: if nobody is.
    """
    host, _, port = address.rpartition(":")
    if not (host and port.isdecimal()):
        return  # such as "auto", of which Ray itself knows what it means
    try:
        socket.create_connection((host.strip("[]"), int(port)), _PATIENCE).close()
    except OSError as error:
        message = f"Ray at {address} cannot be reached: {error}"
        raise ComponentUnavailable(message, _HINT) from error


@contextmanager
def _folder() -> Iterator[str]:
    # Not $TMPDIR on a Mac: with it, the names of Ray's sockets are too long.
    where = "/tmp" if sys.platform == "darwin" else None  # noqa: S108
    folder = tempfile.mkdtemp(prefix="twin-ray-", dir=where)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _sized(ingest: IngestSettings, nodes: list[dict[str, float]]) -> Cluster:
    """Return how many workers fit on machines with these resources."""
    computing = [node["CPU"] for node in nodes if node.get("CPU")]
    workers = ingest.ray_workers or max(1, len(computing))
    if ingest.ray_gpus:
        fit = sum(int(node.get("GPU", 0) / ingest.ray_gpus) for node in nodes)
        if fit < max(1, ingest.ray_workers):
            message = f"ingest.ray_gpus: {ingest.ray_gpus:g} GPUs a worker fit {fit} times"
            raise ComponentUnavailable(message, "ask for fewer workers, or for less of a GPU")
        workers = ingest.ray_workers or fit
    threads = max(1, int(sum(computing) / workers))
    return Cluster(workers=workers, threads=threads, gpus=ingest.ray_gpus)


@contextmanager
def _quiet() -> Iterator[None]:
    """Let only what is critical through, and so have no log files written or left open here."""
    loggers = [logging.getLogger(name) for name in ("ray", "ray.data")]
    levels = [(one, one.level) for one in loggers]
    for one in loggers:
        one.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        for one, level in levels:
            one.setLevel(level)


@contextmanager
def _last_threads() -> Iterator[None]:
    """Wait for Ray's threads, which fail when it is stopped under them, and print nothing of it."""
    before = threading.excepthook

    def told(args: threading.ExceptHookArgs) -> None:
        if args.thread is None or not args.thread.name.startswith(_EXECUTOR):
            before(args)

    threading.excepthook = told
    try:
        yield
    finally:
        for thread in threading.enumerate():
            if thread.name.startswith(_EXECUTOR):
                thread.join(_PATIENCE)
        threading.excepthook = before


@contextmanager
def _nothing_on_stderr() -> Iterator[None]:
    """Swallow what Ray's native part writes to the terminal while it starts."""
    sys.stderr.flush()
    kept = os.dup(2)
    nothing = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nothing, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nothing)
