"""A real reader of llama-index-readers-web, in an environment of its own.

It downloads some 600 MB, so it runs only where it is asked for: ``TEST_LLAMAHUB=1``.
"""

from __future__ import annotations

import http.server
import json
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = pytest.mark.skipif(
    os.environ.get("TEST_LLAMAHUB") != "1",
    reason="it installs llama-index-readers-web and all it needs; TEST_LLAMAHUB=1 runs it",
)

REPOSITORY = Path(__file__).parents[3]

ARTICLE = """<!DOCTYPE html><html lang="en"><head><title>The heron</title>
<meta name="author" content="Ada Wren">
<meta property="article:published_time" content="2024-03-01T08:00:00Z"></head>
<body><nav><a href="/">Home</a></nav><main><h1>The heron</h1>
<p>It stood in the <a href="https://example.org/weir">weir</a> and <em>looked</em> at nobody.</p>
<pre><code class="language-python">herons = 3
</code></pre></main></body></html>"""

WALL = """<!DOCTYPE html><html><head><title>Just a moment...</title></head><body>
<h1>Checking your browser before accessing the site.</h1>
<p>Enable JavaScript and cookies to continue</p></body></html>"""

ALL = """
import json, sys
import llama_index.readers.web as web
from llama_index.core.readers.base import BaseReader
from twin_llamahub.wrapped import reader_class, takes
found = {}
for name in dir(web):
    one = getattr(web, name)
    if isinstance(one, type) and issubclass(one, BaseReader):
        assert reader_class(name) is one
        found[name] = takes(one)
print(json.dumps(found))
"""


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the Python of an environment with twin, this plugin and the readers of the web."""
    folder = tmp_path_factory.mktemp("readers-web")
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    found = folder / "bin" / "python"
    projects = [
        REPOSITORY,
        REPOSITORY / "plugins" / "twin-files",
        REPOSITORY / "plugins" / "twin-llamahub",
    ]
    done = subprocess.run(
        [
            *(
                str(found),
                "-m",
                "pip",
                "install",
                "--quiet",
                "-c",
                str(REPOSITORY / "constraints.txt"),
            ),
            *(*map(str, projects), "llama-index-readers-web"),
        ],
        capture_output=True,
        text=True,
        timeout=1200,
        check=False,
    )
    if done.returncode and any(
        sign in done.stderr
        for sign in ("No matching distribution", "ConnectionError", "NewConnection")
    ):
        pytest.skip(f"pip reaches no index: {done.stderr.strip().splitlines()[-1]}")
    assert not done.returncode, done.stderr
    return found


@pytest.fixture
def server() -> Iterator[str]:
    """Serve an article and what a wall puts in its place."""

    class Pages(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            content = (WALL if "wall" in self.path else ARTICLE).encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Pages) as found:
        thread = threading.Thread(target=found.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{found.server_port}"
        found.shutdown()
        thread.join()


@pytest.fixture
def twin_says(python: Path, tmp_path: Path) -> Callable[..., str]:
    """Return what runs `twin` in that environment, with a home that may ask this machine."""
    home = tmp_path / "home"
    home.mkdir()
    (home / "twin.toml").write_text('[fetch]\nallow_private = ["127.0.0.1"]\n')

    def says(*arguments: str) -> str:
        done = subprocess.run(
            [str(python.parent / "twin"), "--home", str(home), *arguments],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.stdout, done.stderr
        return done.stdout

    return says


def test_a_page_comes_in_and_a_wall_does_not(twin_says: Callable[..., str], server: str) -> None:
    def ingest(address: str) -> dict[str, Any]:
        reader = ("--reader", "llamahub", "-o", "reader=SimpleWebPageReader")
        answer = json.loads(twin_says("ingest", address, *reader, "--no-index", "--json"))
        (source,) = answer["sources"]
        return source

    page = ingest(f"{server}/heron?utm_source=mail")
    assert (page["found"], page["new"], page["failed"], page["broken"]) == (1, 1, [], "")
    # The address is canonical, so it is the same document.
    again = ingest(f"{server}/heron")
    assert (again["new"], again["unchanged"]) == (0, 1)
    wall = ingest(f"{server}/wall")
    assert (wall["found"], len(wall["failed"])) == (0, 1)
    assert "in its place came a captcha" in wall["failed"][0]["reason"]

    host = server.removeprefix("http://")
    text = twin_says("show", f"https://{host}/heron")
    assert "[weir](https://example.org/weir) and *looked*" in text
    assert "```python\nherons = 3\n```" in text


def test_every_reader_of_the_package_is_found_and_takes_a_source(python: Path) -> None:
    done = subprocess.run(
        [str(python), "-W", "ignore", "-c", ALL], capture_output=True, text=True, check=True
    )
    found = json.loads(done.stdout.splitlines()[-1])
    assert len(found) >= 20
    assert all(found.values()), found
