"""Which files of a repository are writing or code, and which are others' or a program's work.

In: a path, and the first bytes of a file. Out: its `Format`, or the reason for which it is left out.
"""

from __future__ import annotations

import re
from typing import Final

from twin_files.formats import Format, Markup, format_of
from twin_files.patterns import matches

_PLAIN_NAMES: Final = re.compile(
    r"(?:CHANGELOG|CHANGES|NEWS|HISTORY|CONTRIBUTING|HACKING|INSTALL|TODO|NOTES|README.*)",
)
_LICENCE: Final = re.compile(
    r"(?:(?:UN)?LICEN[CS]E|COPYING)(?:-[\w.]+?)?(?:\.(?:md|txt|rst|adoc|html?))?", re.IGNORECASE
)
_REQUIREMENTS: Final = re.compile(r"(?:requirements|constraints)[\w.-]*\.txt|CMakeLists\.txt")

_MORE: Final = {
    "text/css": ".css .scss .sass .less",
    "text/html": ".vue .svelte .astro",
    "text/x-asm": ".asm .s",
    "text/x-cmake": ".cmake",
    "text/x-cuda": ".cu .cuh",
    "text/x-dockerfile": ".dockerfile",
    "text/x-fortran": ".f90 .f95 .f03",
    "text/x-fsharp": ".fs .fsx",
    "text/x-graphql": ".graphql .gql",
    "text/x-groovy": ".groovy .gradle",
    "text/x-ini": ".ini .cfg .conf .editorconfig",
    "text/x-makefile": ".mk",
    "text/x-nix": ".nix",
    "text/x-objective-c": ".m .mm",
    "text/x-pascal": ".pas",
    "text/x-powershell": ".ps1 .psm1",
    "text/x-protobuf": ".proto",
    "text/x-solidity": ".sol",
    "text/x-starlark": ".bzl .star",
    "text/x-systemverilog": ".sv .svh .v",
    "text/x-tcl": ".tcl",
    "text/x-terraform": ".tf .hcl",
    "text/x-toml": ".toml",
    "text/x-vhdl": ".vhd .vhdl",
    "text/x-vim": ".vim",
    "text/x-yaml": ".yaml .yml",
}
_SUFFIXES: Final = {s: media for media, suffixes in _MORE.items() for s in suffixes.split()}
_NAMES: Final = {
    "Makefile": "text/x-makefile",
    "GNUmakefile": "text/x-makefile",
    "Dockerfile": "text/x-dockerfile",
    "Containerfile": "text/x-dockerfile",
    "Justfile": "text/x-makefile",
    "justfile": "text/x-makefile",
    "Rakefile": "text/x-ruby",
    "Gemfile": "text/x-ruby",
    "Vagrantfile": "text/x-ruby",
    "Jenkinsfile": "text/x-groovy",
    "BUILD": "text/x-starlark",
    "BUILD.bazel": "text/x-starlark",
    "WORKSPACE": "text/x-starlark",
}

VENDORED: Final = (
    "node_modules",
    "bower_components",
    "vendor",
    "third_party",
    "third-party",
    "*.min.js",
    "*.min.css",
)
GENERATED: Final = (
    ".ipynb_checkpoints",
    "dist",
    "*.lock",
    "*_pb2.py",
    "*_pb2_grpc.py",
    "*.pb.go",
    "*.g.dart",
    "*.designer.cs",
    "pnpm-lock.yaml",
)
_MADE: Final = re.compile(rb"Code generated .{0,200}DO NOT EDIT|@generated\b", re.IGNORECASE)
_TOP: Final = 5
"""Lines in which a program says that it wrote the file."""

_POINTER: Final = b"version https://git-lfs.github.com/spec/"


SCRIPT: Final = Format(Markup.CODE, "text/x-script")
"""A file that can be run and has no suffix; it is code if its first line says what runs it."""


def form_of(path: str, *, runs: bool = False) -> Format | None:
    """Return the format of a file by its name, None if it is neither writing nor code.

    Args:
        path: of the file.
        runs: whether it can be run as a program.
    """
    name = path.rpartition("/")[2]
    if _LICENCE.fullmatch(name):
        return None
    suffix = f".{name.rpartition('.')[2].lower()}" if "." in name else ""
    plain = not suffix and _PLAIN_NAMES.fullmatch(name)
    code = "text/plain" if _REQUIREMENTS.fullmatch(name) else _NAMES.get(name)
    found = None if code else format_of(name)
    if found is None and plain:
        found = Format(Markup.PLAIN, "text/plain")
    if found is None and (media := code or _SUFFIXES.get(suffix)):
        found = Format(Markup.CODE, media)
    return SCRIPT if found is None and runs and not suffix else found


def why_not_read(path: str) -> str:
    """Return why a file without a format is left out."""
    name = path.rpartition("/")[2]
    if _LICENCE.fullmatch(name):
        return "a licence, which others wrote"
    suffix = f".{name.rpartition('.')[2].lower()}" if "." in name else "no suffix"
    return f"not a kind of file that is read ({suffix})"


def others_work(path: str, attributes: dict[str, str]) -> str:
    """Return why a file counts as no work of the repository's authors; empty if it does not.

    Args:
        path: of the file.
        attributes: what `.gitattributes` says of it, as in ``{"linguist-vendored": "true"}``.
    """
    for attribute, globs, reason in (
        ("linguist-vendored", VENDORED, "taken over from others"),
        ("linguist-generated", GENERATED, "written by a program"),
    ):
        said = attributes.get(attribute, "unspecified").lower()
        if said in {"set", "true", "1"}:
            return f"{reason}, says .gitattributes ({attribute})"
        if said == "unspecified" and matches(path, globs):
            return f"{reason}, says its name (vendored=true reads it)"
    return ""


def made_by_program(raw: bytes, attributes: dict[str, str]) -> bool:
    """Return whether a file says of itself that a program wrote it."""
    if attributes.get("linguist-generated", "unspecified") != "unspecified":
        return False
    return any(_MADE.search(line) for line in raw[:2000].splitlines()[:_TOP])


def is_pointer(raw: bytes) -> bool:
    """Return whether a file only names what is kept elsewhere (Git LFS)."""
    return raw.startswith(_POINTER)
