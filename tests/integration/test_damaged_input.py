"""Whatever lies in a folder and whatever a plugin does, through the real command in a process.

Each item is counted and named, the rest is taken in, and memory stays within bounds.
"""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

PATIENCE = 300
"""Seconds after which a command is taken to hang."""

MEASURED = """
import sys
from pathlib import Path
from twin.cli import run
code = run(sys.argv[2:])
status = Path("/proc/self/status").read_text()
Path(sys.argv[1]).write_text(status.partition("VmHWM:")[2].split()[0])
sys.exit(code)
"""


def environment(home: Path, **more: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("TWIN_")}
    return kept | {"TWIN_HOME": str(home), "HF_HUB_OFFLINE": "1"} | more


def twin(home: Path, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "twin.cli", *arguments],
        env=environment(home, **more),
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


def ingested(home: Path, *arguments: str, code: int = 0, **more: str) -> list[dict[str, Any]]:
    """Take sources into the warehouse, and return the account of each."""
    done = twin(home, "ingest", "--json", "--no-index", *arguments, **more)
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    found: list[dict[str, Any]] = json.loads(done.stdout)["sources"]
    return found


def peak(home: Path, *arguments: str) -> tuple[int, int]:
    """Run a command and return its exit code and the most memory it had, in MiB."""
    told = home.parent / "peak"
    done = subprocess.run(
        [sys.executable, "-c", MEASURED, str(told), *arguments],
        env=environment(home),
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert "Traceback" not in done.stderr, done.stderr
    return done.returncode, int(told.read_text()) // 1024


def named(account: dict[str, Any], kind: str) -> dict[str, str]:
    return {remark["item"]: remark["reason"] for remark in account[kind]}


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    folder = tmp_path / "notes"
    folder.mkdir()
    (folder / "good.md").write_text("# Tides\n\nThe tide waits for nobody.\n", "utf-8")
    return folder


def test_every_damaged_file_is_named_and_the_rest_is_read(home: Path, notes: Path) -> None:
    (notes / "bad.md").write_bytes(b"caf\xe9 \xff\xfe")
    (notes / "empty.md").write_bytes(b"")
    (notes / "binary.md").write_bytes(bytes(range(256)) * 40)
    (notes / "nul.md").write_bytes(b"one\0two")
    (notes / "front.md").write_text("---\ntitle: [never\n  closed: {\n---\n\nText.\n", "utf-8")
    (notes / "blank.md").write_text(" \n\t\n", "utf-8")
    with (notes / "huge.md").open("wb") as huge:
        huge.truncate(200_000_000)
    (notes / "loop.md").symlink_to("loop.md")
    (notes / "round").symlink_to(".")
    os.mkfifo(notes / "pipe.md")
    with socket.socket(socket.AF_UNIX) as bound:
        bound.bind(str(notes / "socket.md"))
        (notes / "lone.md").write_text("\\udc80 and \ufffe.", "utf-8")
        odd = os.fsdecode(os.fsencode(notes) + b"/caf\xe9.md")
        Path(odd).write_text("Its name is in Latin-1.", "utf-8")
        (notes / "lines.md").write_text("a line\n" * 1_000_000, "utf-8")
        (notes / "deep.md").write_text(">" * 50_000 + " " + "[" * 50_000 + "\n", "utf-8")
        (notes / "list.md").write_text("".join(f"{'  ' * n}- a\n" for n in range(900)), "utf-8")
        [account] = ingested(home, str(notes), "-o", "max_bytes=10000000", code=1)
    failed, skipped = named(account, "failed"), named(account, "skipped")
    assert "UTF-8" in failed.pop("bad.md")
    assert "UTF-8" in failed.pop("binary.md")
    assert "NUL" in failed.pop("nul.md")
    assert "max_bytes" in failed.pop("huge.md")
    assert "its 1,000,001 lines are more than max_lines" in failed.pop("lines.md")
    assert "not in UTF-8" in failed.pop("caf\\udce9.md")
    assert failed == {}
    assert set(skipped) == {
        "blank.md",
        "empty.md",
        "front.md (front matter)",
        "loop.md",
        "pipe.md",
        "round",
        "socket.md",
    }
    # good, front, lone, deep, list
    assert (account["found"], account["new"], account["broken"]) == (5, 5, "")


def test_links_that_go_round_are_named_where_links_are_followed(home: Path, notes: Path) -> None:
    (notes / "loop.md").symlink_to("loop.md")
    (notes / "round").symlink_to(".")
    (notes / "sub").mkdir()
    (notes / "sub" / "up").symlink_to("..")
    [account] = ingested(home, str(notes), "-o", "follow_symlinks=true", code=1)
    assert set(named(account, "failed")) == {"loop.md"}
    assert set(named(account, "skipped")) == {"round", "sub/up"}
    assert account["found"] == 1


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_is_named(home: Path, notes: Path) -> None:
    (notes / "locked.md").write_text("Nobody.", "utf-8")
    (notes / "locked.md").chmod(0)
    [account] = ingested(home, str(notes), code=1)
    assert "Permission denied" in named(account, "failed")["locked.md"]
    assert account["found"] == 1


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("million.md", "tide\n" * 1_000_000),
        ("many.html", "<p>tide" * 700_000),
        ("token.md", "tide " * 900_000),
        ("letter.md", "x" * 4_900_000),
    ],
)
def test_memory_is_bounded_from_the_file_to_the_index(
    home: Path, notes: Path, converted_model: Path, name: str, content: str
) -> None:
    shutil.copytree(converted_model, home / "cache")
    code, base = peak(home, "ingest", str(notes))
    assert code == 0
    (notes / name).write_text(content, "utf-8")
    code, most = peak(home, "ingest", str(notes))
    refused = name in {"million.md", "many.html"}
    assert code == int(refused)
    assert most < base + 700
    found = twin(home, "search", "tide", "--json")
    assert found.returncode == 0, found.stderr


# Plugins that hang

HANGING_READER = """
import threading, time
import llama_index.core.schema  # now, so that the limit need not allow for it
import twin

class Reader:
    def lazy_load_data(self, source):
        yield twin.make_document(source="hangs:1", text="The first one.")
        yield twin.make_document(source="hangs:2", text="The second one.")
        print("waiting", flush=True)
        # Not a daemon: the interpreter would wait for it at its end.
        other = threading.Thread(target=time.sleep, args=(3600,))
        other.start()
        other.join()

def build(options, ctx):
    return Reader()

@twin.hookimpl
def twin_readers():
    yield twin.ReaderComponent(
        name="hangs", summary="", options=twin.NoOptions, build=build, suffixes=(".hangs",)
    )
"""

HANGING_BUILD = HANGING_READER.replace("return Reader()", "time.sleep(3600)")

HANGING_IMPORT = """
from pathlib import Path
import time
Path(__file__).with_name("imported").touch()
time.sleep(3600)
"""


def plugin(folder: Path, module: str) -> dict[str, str]:
    """Write an installed distribution `twin-hangs`, and return the variable that adds it."""
    info = folder / "twin_hangs-1.0.dist-info"
    info.mkdir(parents=True)
    (folder / "twin_hangs.py").write_text(module, "utf-8")
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: twin-hangs\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[twin]\nhangs = twin_hangs\n")
    before = os.environ.get("PYTHONPATH")
    return {"PYTHONPATH": f"{folder}{os.pathsep}{before}" if before else str(folder)}


@pytest.mark.parametrize(("module", "kept"), [(HANGING_READER, 2), (HANGING_BUILD, 0)])
def test_a_reader_that_hangs_is_cut_off_and_named(
    home: Path, notes: Path, tmp_path: Path, module: str, kept: int
) -> None:
    source = tmp_path / "x.hangs"
    source.touch()
    more = plugin(tmp_path / "site", module) | {"TWIN_INGEST__READER_TIMEOUT": "5"}
    done = twin(home, "ingest", "--no-index", str(source), str(notes), **more)
    assert done.returncode == 1, done.stderr
    assert "gave nothing for 5 s and was cut off" in done.stderr
    assert "ingest.reader_timeout" in done.stderr
    assert "hangs" in done.stderr
    # The other source was taken in, and of this one what it had given.
    assert f"the warehouse holds {kept + 1} documents" in done.stderr


def test_ctrl_c_ends_a_reader_that_hangs(home: Path, tmp_path: Path) -> None:
    source = tmp_path / "x.hangs"
    source.touch()
    more = plugin(tmp_path / "site", HANGING_READER)
    with running(home, "ingest", "--no-index", str(source), **more) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "waiting\n"
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130
    assert "error: interrupted" in said


@contextmanager
def running(home: Path, *arguments: str, **more: str) -> Iterator[subprocess.Popen[str]]:
    # Who runs in the background may have inherited that Ctrl-C is ignored.
    command = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); "
    command += "from twin.cli import main; main()"
    with subprocess.Popen(
        [sys.executable, "-c", command, *arguments],
        env=environment(home, **more),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def test_doctor_names_a_plugin_that_hangs_at_import_and_goes_on(home: Path, tmp_path: Path) -> None:
    more = plugin(tmp_path / "site", HANGING_IMPORT)
    done = twin(home, "doctor", "--json", "--timeout", "30", **more)
    assert done.returncode == 1, done.stderr
    checks = {check["name"]: check for check in json.loads(done.stdout)}
    assert checks["plugins"]["state"] == "broken"
    assert "twin-hangs was still importing after 30 s" in checks["plugins"]["what"]
    assert '[plugins] disabled = ["twin-hangs"]' in checks["plugins"]["mend"]
    assert checks["components"]["state"] == checks["warehouse"]["state"] == "ok"


def test_a_disabled_plugin_is_never_imported(home: Path, notes: Path, tmp_path: Path) -> None:
    more = plugin(tmp_path / "site", HANGING_IMPORT)
    home.mkdir()
    (home / "twin.toml").write_text('[plugins]\ndisabled = ["hangs"]\n', "utf-8")
    [account] = ingested(home, str(notes), **more)
    assert account["new"] == 1
    listed = twin(home, "plugins", "--json", **more)
    states = {p["name"]: p["state"] for p in json.loads(listed.stdout)["plugins"]}
    assert states["hangs"] == "disabled"
    checked = {
        c["name"]: c
        for c in json.loads(twin(home, "doctor", "--json", "--timeout", "120", **more).stdout)
    }
    assert checked["plugins"]["state"] == "ok"
    assert not (tmp_path / "site" / "imported").exists()


def test_ctrl_c_names_the_plugin_that_is_being_imported(home: Path, tmp_path: Path) -> None:
    site = tmp_path / "site"
    module = HANGING_IMPORT.replace("time.sleep", "print('importing', flush=True)\ntime.sleep")
    with running(home, "plugins", **plugin(site, module)) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "importing\n"
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130
    assert "while the plugin 'hangs' of twin-hangs 1.0 was imported" in said
    assert "twin doctor" in said


# Several sources


def test_one_source_that_fails_stops_no_other(home: Path, notes: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "b.md").write_text("Another text.", "utf-8")
    gone = str(tmp_path / "gone")
    unread = str(tmp_path / "x.unknown")
    Path(unread).touch()
    accounts = ingested(home, str(notes), gone, "", unread, str(other), code=1)
    assert [account["new"] for account in accounts] == [1, 0, 0, 0, 1]
    assert [bool(account["broken"]) for account in accounts] == [False, True, True, True, False]
    assert gone in accounts[1]["broken"]
    table = twin(home, "ingest", "--no-index", str(notes), gone, str(other))
    assert table.returncode == 1
    rows = [line.split("\t") for line in table.stdout.splitlines()]
    assert [row[0] for row in rows[1:]] == ["files:notes", gone, "files:other"]
    assert [row[-1] for row in rows[1:]] == ["0", "1", "0"]
    assert f"failed: {gone}: there is no file or folder" in table.stderr


# Who may see it


def audiences(home: Path) -> dict[str, str]:
    listed = home.parent / "documents.jsonl"
    done = twin(home, "warehouse", "export", str(listed))
    assert done.returncode == 0, done.stderr
    rows = map(json.loads, listed.read_text("utf-8").splitlines())
    documents = [row["document"] for row in rows if "document" in row]
    found = {one["source"]: one["versions"][-1]["audience"] for one in documents}
    listed.unlink()
    return found


def test_an_audience_is_remembered_until_another_is_said(home: Path, notes: Path) -> None:
    (notes / "b.md").write_text("Another text.", "utf-8")
    ingested(home, str(notes), "--audience", "private")
    ingested(home, str(notes))
    assert set(audiences(home).values()) == {"private"}
    (notes / "new.md").write_text("---\naudience: public\n---\nA new text.", "utf-8")
    ingested(home, str(notes))
    assert audiences(home)["file:notes/new.md"] == "private"
    # A file that is taken in alone has what holds for its folder, or its own.
    ingested(home, str(notes / "b.md"))
    assert audiences(home)["file:notes/b.md"] == "private"
    ingested(home, str(notes / "b.md"), "--audience", "friends")
    ingested(home, str(notes))
    found = audiences(home)
    assert (found["file:notes/b.md"], found["file:notes/good.md"]) == ("friends", "private")
    ingested(home, str(notes), "--audience", "public")
    assert set(audiences(home).values()) == {"public"}


# The disk


@contextmanager
def mounted(folder: Path, size: str) -> Iterator[None]:
    """Mount a small file system, or skip where that is not allowed."""
    folder.mkdir(parents=True, exist_ok=True)
    mount, umount = shutil.which("mount"), shutil.which("umount")
    if os.geteuid() != 0 or mount is None or umount is None:
        pytest.skip("only root may mount a file system")
    made = subprocess.run(
        [mount, "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)],
        capture_output=True,
        check=False,
    )
    if made.returncode:
        pytest.skip("no file system can be mounted here")
    try:
        yield
    finally:
        subprocess.run([umount, str(folder)], check=True)


COMMANDS = (
    ("init",),
    ("sync",),
    ("sync", "--rebuild"),
    ("status",),
    ("search", "tide"),
    ("ask", "Who waits for the tide?"),
    ("show", "file:notes/good.md"),
    ("author",),
    ("forget", "--yes", "files:notes"),
    ("plugins",),
)


def spoken(done: subprocess.CompletedProcess[str], command: tuple[str, ...]) -> None:
    """Check that a command worked, or said what is wrong and what to do."""
    assert "Traceback" not in done.stderr, (command, done.stderr)
    if done.returncode:
        assert "error: " in done.stderr, (command, done.stderr)
        assert "hint: " in done.stderr, (command, done.stderr)


def test_a_full_disk_is_said_and_leaves_nothing_half_written(tmp_path: Path, notes: Path) -> None:
    home = tmp_path / "small"
    (notes / "long.md").write_text("\n\n".join(f"Line {n}." for n in range(60_000)), "utf-8")
    with mounted(home, "700k"):
        done = twin(home, "ingest", "--no-index", str(notes))
        assert done.returncode == 1
        spoken(done, ("ingest",))
        (home / "filler").write_bytes(b"")
        with (home / "filler").open("ab", buffering=0) as filler:
            try:
                while filler.write(b"x" * 4096):
                    pass
            except OSError:
                pass
        for command in (("ingest", str(notes)), *COMMANDS):
            spoken(twin(home, *command), command)
        assert not list(home.rglob("*.new"))
        (home / "filler").unlink()
        (notes / "long.md").unlink()
        [account] = ingested(home, str(notes))
        assert account["found"] == 1
        assert (account["failed"], account["broken"]) == ([], "")


def test_a_read_only_home_is_said_by_every_command(tmp_path: Path, notes: Path) -> None:
    home = tmp_path / "fixed"
    with mounted(home, "200m"):
        ingested(home, str(notes))
        subprocess.run(["mount", "-o", "remount,ro", str(home)], check=True)
        before = sorted(home.rglob("*"))
        done = twin(home, "ingest", str(notes))
        assert done.returncode == 1
        for command in (("ingest", str(notes)), *COMMANDS):
            spoken(twin(home, *command), command)
        assert sorted(home.rglob("*")) == before
