"""Addresses, limits, and what git is kept from doing."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import twin
import twin_github
from twin.claims import claim_of
from twin_github.address import Place, place_of
from twin_github.git import Git

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.mark.parametrize(
    ("given", "remote", "page", "ref", "below"),
    [
        ("https://github.com/Ada/heron", "Ada/heron.git", "Ada/heron", "", ""),
        ("https://www.github.com/Ada/heron.git", "Ada/heron.git", "Ada/heron", "", ""),
        ("http://github.com/Ada/heron/", "Ada/heron.git", "Ada/heron", "", ""),
        ("https://github.com/a/b/tree/v1", "a/b.git", "a/b", "v1", ""),
        ("https://github.com/a/b/blob/main/x/y%20z.md", "a/b.git", "a/b", "main", "x/y z.md"),
    ],
)
def test_addresses_name_a_repository(
    given: str, remote: str, page: str, ref: str, below: str
) -> None:
    place = place_of(given)
    assert place.hosted is not None
    assert (place.remote, place.hosted.page, place.ref, place.below) == (
        f"https://github.com/{remote}",
        f"https://github.com/{page}",
        ref,
        below,
    )


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("https://github.com/ada", "no address of a repository"),
        ("https://github.com/ada/heron/issues/3", "no address of a repository"),
        ("https://ada:hunter2@github.com/ada/heron", "has a name or password in it"),
        ("ssh://git@github.com/ada/heron", "only https"),
        ("git@github.com:ada/heron.git", "only https"),
        ("ext::sh -c touch% /x", "there is no folder"),
        ("https://example.org/", "names no repository"),
    ],
)
def test_what_is_no_repository_is_refused(read: Callable[..., Any], given: str, words: str) -> None:
    with pytest.raises(twin.ReadError, match=words) as raised:
        read(given)
    assert raised.value.hint
    assert "hunter2" not in f"{raised.value.message}{raised.value.hint}"


def test_other_hosts_and_their_pages() -> None:
    gist = place_of("https://gist.github.com/ada/0123456789abcdef")
    assert gist.remote == "https://gist.github.com/0123456789abcdef"
    lab = place_of("https://gitlab.com/group/sub/heron/-/blob/main/a.py")
    assert lab.hosted is not None
    assert (lab.remote, lab.ref) == ("https://gitlab.com/group/sub/heron.git", "main")
    assert lab.hosted.page_of("main", b"a.py").endswith("/sub/heron/-/blob/main/a.py")
    assert (
        place_of("https://git.example.org/heron.git").remote == "https://git.example.org/heron.git"
    )
    assert place_of("file:/srv/heron") == Place(
        remote="file:///srv/heron", folder=Path("/srv/heron")
    )


def test_github_and_clones_are_claimed(repository: Any, tmp_path: Path) -> None:
    (component,) = twin_github.twin_readers()
    assert claim_of(component, "https://github.com/ada/heron")
    assert not claim_of(component, "https://example.org/ada/heron")
    assert claim_of(component, str(repository.path))
    assert not claim_of(component, str(tmp_path))


def test_a_remote_repository_is_fetched_and_read(repository: Any, read: Callable[..., Any]) -> None:
    repository.git("config", "uploadpack.allowFilter", "true")
    repository.commit({"a.py": "1\n", "docs/big.md": "x" * 5000}, when="2024-01-01T10:00:00Z")
    repository.commit({"docs/b.md": "2\n"}, when="2024-01-02T10:00:00Z")
    address = f"file://{repository.path}"
    found = read(address, max_bytes=1000)
    assert sorted(found.documents) == ["a.py", "docs/b.md"]
    assert found.documents["a.py"].published_at == "2024-01-01T10:00:00+00:00"
    assert found.documents["a.py"].source == "file:heron/a.py"
    assert "not fetched" in found.ledger.failures["docs/big.md"]
    with pytest.raises(twin.ReadError, match="git clone failed"):
        read(f"file://{repository.path}-nowhere")
    with pytest.raises(twin.ReadError, match="Remote branch nowhere not found"):
        read(address, ref="nowhere")


def test_time_and_size_are_bounded(repository: Any, read: Callable[..., Any]) -> None:
    repository.commit({"a.bin": os.urandom(3_000_000), "a.py": "1\n"})
    address = f"file://{repository.path}"
    with pytest.raises(twin.ReadError, match=r"git clone took more than 1e-06 s"):
        read(address, timeout=1e-6)
    with pytest.raises(twin.ReadError, match="wrote more than 1,000,000 bytes"):
        read(address, max_total_bytes=1_000_000, max_bytes=5_000_000)


def test_nothing_that_a_repository_names_is_started(
    repository: Any, read: Callable[..., Any], tmp_path: Path
) -> None:
    trap = tmp_path / "trap"
    sprung = tmp_path / "sprung"
    trap.write_text(f'#!/bin/sh\necho "$0 $*" >> {sprung}\ncat\nexit 0\n')
    trap.chmod(0o755)
    repository.commit(
        {".gitattributes": "*.py filter=evil diff=evil\n", "a.py": "1\n", "b.md": "2\n"}
    )
    hooks = repository.path / ".git/hooks"
    hooks.mkdir(exist_ok=True)
    for hook in ("post-index-change", "post-checkout", "fsmonitor-watchman", "pre-auto-gc"):
        (hooks / hook).write_bytes(trap.read_bytes())
        (hooks / hook).chmod(0o755)
    for key, value in {
        "core.fsmonitor": trap,
        "core.pager": trap,
        "core.sshCommand": trap,
        "core.askPass": trap,
        "core.alternateRefsCommand": trap,
        "diff.external": trap,
        "diff.evil.textconv": trap,
        "diff.evil.command": trap,
        "filter.evil.clean": trap,
        "filter.evil.smudge": trap,
        "filter.evil.process": trap,
        "log.showSignature": "true",
        "gpg.program": trap,
        "uploadpack.packObjectsHook": trap,
        "credential.helper": f"!{trap}",
    }.items():
        repository.git("config", key, str(value))
    for source in (repository.path, f"file://{repository.path}"):
        assert sorted(read(source).documents) == ["a.py", "b.md"]
        assert not sprung.exists(), sprung.read_text()


def test_a_remote_that_a_repository_names_is_never_asked(
    repository: Any, read: Callable[..., Any], tmp_path: Path
) -> None:
    sprung = tmp_path / "sprung"
    repository.commit({"a.py": "1\n", "b.py": "2\n"})
    blob = repository.git("rev-parse", "HEAD:a.py")
    (repository.path / ".git/objects" / blob[:2] / blob[2:]).unlink()
    for key, value in {
        "remote.origin.url": f"ext::touch {sprung}",
        "remote.origin.promisor": "true",
        "remote.origin.partialclonefilter": "blob:none",
        "protocol.ext.allow": "always",
    }.items():
        repository.git("config", key, value)
    found = read(repository.path)
    assert list(found.documents) == ["b.py"]
    assert "a.py" in found.ledger.failures
    assert not sprung.exists()


def test_what_twin_was_started_from_does_not_matter(
    repository: Any, read: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    repository.commit({"a.py": "1\n"})
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "elsewhere"))
    monkeypatch.setenv("GIT_INDEX_FILE", str(tmp_path / "index"))
    monkeypatch.setenv("GIT_TRACE", str(tmp_path / "trace"))
    assert list(read(repository.path).documents) == ["a.py"]
    assert not (tmp_path / "index").exists()
    assert not (tmp_path / "trace").exists()


def test_no_message_has_credentials(tmp_path: Path) -> None:
    git = Git(tmp_path, protocols="https")
    with pytest.raises(twin.ReadError) as raised:
        git.run("ls-remote", "https://ada:hunter2@127.0.0.1:1/heron.git")
    assert "hunter2" not in str(raised.value)
    with pytest.raises(twin.ReadError, match="not allowed"):
        git.run("ls-remote", "ext::sh -c true")


def test_without_git_it_says_so(
    repository: Any, read: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    repository.commit({"a.py": "1\n"})
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(twin.ComponentUnavailable, match="git is not installed"):
        read(repository.path)
