"""What every test may use: a clean environment, and where the real data lies."""

import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest
from filelock import FileLock

LONGEST = ("tests/crash/", "tests/e2e/", "tests/integration/", "tests/contract/")
"""Where the tests lie that take longest, the longest first."""

SHARED = Path(__file__).parent.parent.parent / "shared" / "data"


def pytest_configure() -> None:
    """Let Ctrl-C reach what the tests start: a shell that runs them in the background ignores it."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Give every test a home of its own, and nothing from the person who runs it."""
    for name in list(os.environ):
        if name.startswith(("TWIN_", "LANGFUSE_", "OTEL_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("TWIN_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Return the folder of real data beside the checkout, or skip."""
    if not SHARED.is_dir():
        pytest.skip("the real data (../shared/data) does not lie beside the checkout")
    return SHARED


def once(tmp_path_factory: pytest.TempPathFactory, name: str, make: Callable[[Path], None]) -> Path:
    """Return a folder that one of the processes that run the tests makes, for all of them."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / f"once-{name}"
    with FileLock(f"{folder}.lock"):
        if not (folder / "made").exists():
            make(folder)
            (folder / "made").touch()
    return folder


@pytest.fixture(scope="session")
def converted_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the cache of a home whose embedder was used once.

    A fresh home converts the model, which takes longer than most tests; those that are not about
    it begin with a copy.
    """

    def convert(folder: Path) -> None:
        from twin.home import Home

        with Home(folder / "home") as home:
            home.embedder.question("Is it ready?")

    return once(tmp_path_factory, "converted", convert) / "home" / "cache"


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files that take longest, so that no process is left alone with one at the end."""

    def place(item: pytest.Item) -> int:
        return next((n for n, part in enumerate(LONGEST) if part in item.nodeid), len(LONGEST))

    items.sort(key=place)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item, nextitem: pytest.Item | None) -> bool | None:
    """Run a test marked `again` a second time if it fails: a cluster may fail to come up once."""
    if item.get_closest_marker("again") is None:
        return None
    from _pytest.runner import runtestprotocol

    item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
    reports = runtestprotocol(item, nextitem=nextitem, log=False)
    if any(report.failed for report in reports):
        item._initrequest()  # type: ignore[attr-defined]
        reports = runtestprotocol(item, nextitem=nextitem, log=False)
    for report in reports:
        item.ihook.pytest_runtest_logreport(report=report)
    item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
    return True


@pytest.fixture(scope="session")
def axolotl() -> Path:
    """Return the environment that has Axolotl, which tests/setup makes; skip where there is none."""
    root = Path(__file__).parent.parent
    named = os.environ.get("TEST_AXOLOTL")
    folder = Path(named) if named else root / ".axolotl" / "axolotl"
    if not (folder / "bin" / "python").exists():
        pytest.skip(f"no Axolotl in {folder}: tests/setup makes it, or name one in TEST_AXOLOTL")
    return folder
