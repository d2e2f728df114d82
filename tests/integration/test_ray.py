"""Parsing and embedding on a Ray cluster of two nodes: the same index as on this machine."""

import math
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import psutil
import pytest

import twin
from twin.changeover import rebuild
from twin.cli import run
from twin.documents import Document
from twin.errors import ComponentUnavailable, ConfigurationError
from twin.home import Home
from twin.ingest import sync as syncing
from twin.ingest.engines import engine_named
from twin.plugins import Plugin, PluginSet

pytestmark = [
    pytest.mark.again,
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.skipif(find_spec("ray") is None, reason="the extra `ray` is not installed"),
    # Ray's settings warn of those of them that are deprecated, whoever makes them.
    pytest.mark.filterwarnings(r"ignore::DeprecationWarning:ray\.data\.context"),
    pytest.mark.filterwarnings(r"ignore:.target_shuffle_max_block_size.:UserWarning"),
]

REPOSITORY = Path(twin.__file__).parent.parent
SAMPLE = REPOSITORY / "examples" / "sample-author"

PLUGIN = '''
"""A quick embedder, and a cleaner that may refuse: installed as any plugin is, for the workers too."""

import os
import time
from pathlib import Path

from pydantic import Field

import twin
from twin.errors import ComponentUnavailable
from twin.testing.fakes import hash_embedding


class WordsOptions(twin.Options):
    refused: str = ""
    weights: str = ""
    """An environment variable without which there are no weights."""
    log: str = ""
    seconds: float = Field(default=0.0, description="Of one batch.")


def build(options, ctx):
    if options.weights and not os.environ.get(options.weights):
        raise ComponentUnavailable("the weights are not on this machine", "copy them there")

    def refuses(text):
        return bool(options.refused) and options.refused in text

    model = hash_embedding(refuses=refuses)
    if options.log:
        batch = type(model).get_text_embedding_batch

        class Logged(type(model)):
            def get_text_embedding_batch(self, texts, **options_):
                node = _node()
                with Path(options.log).open("a") as log:
                    log.write(f"{node} {os.getpid()} {len(texts)}\\n")
                time.sleep(options.seconds)
                return batch(self, texts, **options_)

        model.__class__ = Logged
    return model


def _node():
    import ray

    return ray.get_runtime_context().get_node_id() if ray.is_initialized() else "here"


class Touchy(twin.Options):
    word: str = "unbearable"


class Odd(Exception):
    """It cannot be taken apart and put together again."""

    def __init__(self, left, right):
        super().__init__(f"{left} {right}")


def build_touchy(options, ctx):
    def clean(document):
        if options.word in document.text:
            raise Odd("the cleaner finds it", options.word)
        return []

    return clean


@twin.hookimpl
def twin_embeddings():
    yield twin.EmbeddingComponent(
        name="words",
        summary="",
        options=WordsOptions,
        build=build,
        fingerprint=lambda options: "words",
    )


@twin.hookimpl
def twin_cleaners():
    yield twin.CleanerComponent(name="touchy", summary="", options=Touchy, build=build_touchy)
'''


@pytest.fixture(scope="module")
def plugin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Install a plugin for this process and for those that it starts."""
    folder = tmp_path_factory.mktemp("installed")
    (folder / "twin_words.py").write_text(PLUGIN, encoding="utf-8")
    info = folder / "twin_words-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: twin-words\nVersion: 1\n")
    (info / "entry_points.txt").write_text("[twin]\nwords = twin_words\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(folder)
        patch.setenv("PYTHONPATH", str(folder), prepend=os.pathsep)
        yield folder


@pytest.fixture(scope="module")
def cluster(plugin: Path) -> Iterator[Any]:
    """Start a cluster of one node, to which tests add others."""
    assert plugin.is_dir()
    short = tempfile.mkdtemp(prefix="ray-")  # the names of its sockets are limited
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAY_TMPDIR", short)
        patch.setenv("RAY_USAGE_STATS_ENABLED", "0")
        patch.setenv("RAY_BACKEND_LOG_LEVEL", "fatal")
        patch.setenv("RAY_AUTH_MODE", "token")
        patch.setenv("RAY_AUTH_TOKEN", secrets.token_hex(32))
        patch.setenv("RAY_ENABLE_AUTO_CONNECT", "0")
        from ray.cluster_utils import Cluster  # now, because it looks at these when it is imported

        made = Cluster(initialize_head=True, head_node_args={"include_dashboard": False})
        yield made
        disconnected()
        made.shutdown()
    shutil.rmtree(short, ignore_errors=True)


@pytest.fixture
def two_nodes(cluster: Any) -> Any:
    """Return the cluster with a second node."""
    while len(cluster.worker_nodes) < 1:
        cluster.add_node()
    return cluster


@pytest.fixture
def homes(
    tmp_path: Path, plugin: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., Home]]:
    """Open homes with the sample author, all to be indexed in many small steps and pages."""
    from twin.ingest.ray import engine

    assert plugin.is_dir()
    monkeypatch.setattr(syncing, "CHARACTERS", 4_000)
    monkeypatch.setattr(engine, "PER_WORKER", 30_000)
    monkeypatch.setattr(engine, "TEXTS", 8)
    opened: list[Home] = []

    def make(name: str, address: str = "", *, settings: str = "", **embedding: object) -> Home:
        folder = tmp_path / name
        if not folder.exists():
            folder.mkdir()
            options = "".join(f", {key} = {value!r}" for key, value in embedding.items())
            (folder / "twin.toml").write_text(
                f"[ingest]\nengine = {'ray' if address else 'local'!r}\nray_address = {address!r}\n"
                f"{settings}\n[index]\nembedding = {{ use = 'words'{options} }}\n"
            )
            assert run(["--home", str(folder), "ingest", "--no-index", str(SAMPLE)]) == 0
        home = Home(folder)
        opened.append(home)
        return home

    yield make
    for home in opened:
        home.close()


def disconnected() -> bool:
    """Disconnect this process from Ray, and return whether it was so already."""
    import ray

    connected = ray.is_initialized()
    ray.shutdown()
    return not connected


def points(home: Home) -> dict[str, tuple[Any, list[float], dict[int, float]]]:
    """Return payload, dense and sparse vector of every point, after which the home is closed."""
    import qdrant_edge as engine

    home.close()
    [path] = home.folder.rglob("shard")
    shard = engine.EdgeShard.load(str(path))
    wanted = engine.ScrollRequest(limit=10_000, with_payload=True, with_vector=True)
    records, _ = shard.scroll(wanted)
    found = {}
    for record in records:
        dense, sparse = (record.vector[name] for name in sorted(record.vector))
        terms = dict(zip(sparse.indices, sparse.values, strict=True))
        found[str(record.id)] = (record.payload, list(dense), terms)
    shard.close()
    return found


def assert_same(there: Home, here: Home) -> None:
    """The two indexes are the same, point for point."""
    wanted, got = points(here), points(there)
    assert len(wanted) > 100
    assert got.keys() == wanted.keys()
    for identity, (payload, dense, sparse) in wanted.items():
        other, dense_too, sparse_too = got[identity]
        assert other == payload
        assert sparse_too == pytest.approx(sparse)
        product = sum(a * b for a, b in zip(dense, dense_too, strict=True))
        assert product / (math.hypot(*dense) * math.hypot(*dense_too)) >= 0.9999


def embedded(log: Path) -> list[tuple[str, int, int]]:
    """Return who embedded how much: node, process and texts of every batch."""
    lines = [line.split() for line in log.read_text().splitlines()] if log.exists() else []
    return [(node, int(process), int(texts)) for node, process, texts in lines]


def elsewhere(log: Path) -> int:
    """Return how many texts the workers embedded, none having been embedded here."""
    batches = embedded(log)
    assert sum(texts for _, process, texts in batches if process == os.getpid()) <= 1  # the probe
    return sum(texts for _, process, texts in batches if process != os.getpid())


def test_two_nodes_make_the_index_that_one_machine_makes(
    two_nodes: Any, homes: Callable[..., Home], tmp_path: Path
) -> None:
    log = tmp_path / "log"
    here, there = homes("here"), homes("there", two_nodes.address, log=str(log), seconds=0.2)
    wanted, done = here.sync(), there.sync()
    assert done.applied == wanted.applied
    assert done.embedded == wanted.embedded == elsewhere(log)
    assert len({node for node, process, _ in embedded(log) if process != os.getpid()}) == 2
    again = there.sync()
    assert (again.embedded, again.applied.indexed) == (0, 0)
    assert disconnected()
    assert_same(there, here)


def test_what_is_in_the_cache_is_not_embedded_again(
    two_nodes: Any, homes: Callable[..., Home], tmp_path: Path
) -> None:
    log = tmp_path / "log"
    home = homes("home", two_nodes.address, log=str(log))
    first = home.sync()
    batches = len(embedded(log))
    changed = rebuild(home)
    assert changed.synced.applied.stored == first.applied.stored
    assert changed.synced.embedded == 0
    assert len(embedded(log)) == batches


def test_the_index_is_the_same_if_a_node_is_killed_half_way(
    two_nodes: Any, homes: Callable[..., Home], tmp_path: Path
) -> None:
    log = tmp_path / "log"
    here, there = homes("here"), homes("there", two_nodes.address, log=str(log), seconds=0.3)
    [victim] = two_nodes.worker_nodes
    killed: list[int] = []

    def kill(done: int, _: int) -> None:
        nodes = [node for node, _, _ in embedded(log)]
        if done and not killed and victim.node_id in nodes:
            two_nodes.remove_node(victim, allow_graceful=False)
            killed.append(done)

    wanted = here.sync()
    done = there.sync(kill)
    assert 0 < killed[0] < done.applied.indexed
    assert done.applied == wanted.applied
    assert elsewhere(log) >= wanted.embedded
    assert_same(there, here)


def test_a_document_that_fails_is_named_and_the_rest_is_done(
    two_nodes: Any, homes: Callable[..., Home]
) -> None:
    settings = "cleaners = ['boilerplate', 'touchy']"
    here = homes("here", settings=settings, refused="indigestible")
    there = homes("there", two_nodes.address, settings=settings, refused="indigestible")
    for home in (here, there):
        for word in ("unbearable", "indigestible"):
            text = f"There is a word that is {word}. " * 5
            document = Document(source=f"file:notes/{word}.md", text=text)
            home.warehouse.put(document, collection="files:notes")
    wanted, done = here.sync(), there.sync()
    reasons = sorted(failure.reason for failure in done.applied.failures)
    assert reasons[0].startswith("file:notes/indigestible.md: the embedder refuses")
    assert reasons[1].startswith("file:notes/unbearable.md: ")
    assert "the cleaner finds it unbearable" in reasons[1]
    assert {f.document_id for f in wanted.applied.failures} == {
        f.document_id for f in done.applied.failures
    }
    assert replace(done.applied, failures=()) == replace(wanted.applied, failures=())
    assert_same(there, here)


def test_what_a_worker_lacks_is_told_with_its_hint(
    two_nodes: Any, homes: Callable[..., Home], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TEST_WEIGHTS", "here")  # after the nodes were started
    home = homes("home", two_nodes.address, weights="TEST_WEIGHTS")
    with pytest.raises(ComponentUnavailable, match="not on this machine") as told:
        home.sync()
    assert told.value.hint == "copy them there"
    assert home.ledger.counts() == (0, 0)
    assert disconnected()


def test_a_worker_with_another_version_of_a_plugin_is_refused(
    two_nodes: Any, homes: Callable[..., Home]
) -> None:
    home = homes("home", two_nodes.address)
    home.__dict__["plugins"] = PluginSet(tuple(map(_newer, home.plugins.plugins)))
    with pytest.raises(ConfigurationError, match=r"would index otherwise: .*words:2") as told:
        home.sync()
    assert "the same versions" in told.value.hint


def _newer(plugin: Plugin) -> Plugin:
    if plugin.name != "words":
        return plugin
    return replace(plugin, provides=tuple(replace(one, version="2") for one in plugin.provides))


def test_a_sync_that_is_stopped_ends_at_once_and_goes_on_later(
    two_nodes: Any, homes: Callable[..., Home]
) -> None:
    here, there = homes("here"), homes("there", two_nodes.address, seconds=0.3)

    def stop(done: int, _: int) -> None:
        if done:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        there.sync(stop)
    assert disconnected()
    documents, _ = there.ledger.counts()
    assert 0 < documents < here.sync().applied.indexed
    there.sync()
    assert_same(there, here)


def test_ray_is_started_here_quietly_and_leaves_nothing(
    homes: Callable[..., Home], tmp_path: Path
) -> None:
    home = homes("home")
    home.close()
    current, temporary = tmp_path / "current", Path(tempfile.mkdtemp(prefix="t-"))
    current.mkdir()
    environment = {name: text for name, text in os.environ.items() if name[:4] != "RAY_"}
    environment |= {"HOME": str(tmp_path), "TMPDIR": str(temporary)}
    before = {process.pid for process in psutil.process_iter()}
    done = subprocess.run(
        [sys.executable, "-m", "twin.cli", "--home", home.folder, "sync", "--engine", "ray"],
        cwd=current,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("index: 36 documents indexed")
    assert done.stdout.count("\n") == 1
    assert done.stderr == ""
    # Besides Ray, the store keeps the folder of its socket there.
    assert [path for path in temporary.iterdir() if "ray" in path.name] == []
    assert list(current.iterdir()) == []
    left = [p for p in psutil.process_iter() if p.pid not in before and _is_of(p, temporary)]
    assert left == []
    shutil.rmtree(temporary)


def _is_of(process: psutil.Process, folder: Path) -> bool:
    try:
        return str(folder) in " ".join(process.cmdline())
    except psutil.Error:
        return False


def test_a_cluster_that_is_not_there_is_told(
    homes: Callable[..., Home], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RAY_ADDRESS", "127.0.0.1:1")
    home = homes("home")
    with pytest.raises(ComponentUnavailable, match=r"at 127\.0\.0\.1:1 cannot be reached") as told:
        home.sync(engine="ray")
    assert "ingest.ray_address" in told.value.hint


def test_without_ray_it_is_told_before_anything_is_done(
    homes: Callable[..., Home], monkeypatch: pytest.MonkeyPatch
) -> None:
    home = homes("home")
    monkeypatch.setattr("twin.ingest.ray.cluster.find_spec", lambda _: None)
    with pytest.raises(ConfigurationError, match="Ray Data, which is not installed") as told:
        home.sync(engine="ray")
    assert "twin[ray]" in told.value.hint
    with pytest.raises(ConfigurationError, match="no engine 'rays'"):
        engine_named("rays", home.folder)


def test_the_real_model_gives_the_same_vectors_on_workers(
    two_nodes: Any, converted_model: Path, homes: Callable[..., Home]
) -> None:
    made = []
    for name, address in (("here", ""), ("there", two_nodes.address)):
        home = homes(name, address)
        home.close()
        shutil.copytree(converted_model, home.folder / "cache", dirs_exist_ok=True)
        toml = home.folder / "twin.toml"
        toml.write_text(toml.read_text().replace("'words'", "'sentence-transformers'"))
        home = homes(name)
        made.append((home, home.sync()))
    (here, wanted), (there, done) = made
    assert done.applied == wanted.applied
    assert done.embedded == wanted.embedded
    assert_same(there, here)
