"""Every component that the product and its plugins offer, of every hook."""

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from twin.components import BuildContext
from twin.documents import Document, Kind, Span
from twin.hookspecs import COMPONENT_TYPES
from twin.index.boundaries import trim
from twin.index.passages import excluded_spans, passages
from twin.plugins import Provided, discover
from twin.testing.fakes import hash_embedding

OFFERED = [provided for hook in COMPONENT_TYPES for provided in discover(()).provided(hook)]
OF_KIND = {
    hook: [one.component for one in OFFERED if one.component.hook == hook]
    for hook in COMPONENT_TYPES
}

TEXTS = {
    "empty lines": "\n" * 9 + "A word.\n\n" + "\r\n" * 9,
    "windows": "# Tide\r\n\r\nIt waits.\r\n\r\n```py\r\nx = 1\r\n```\r\n" * 60,
    "old line ends": "# Tide\r\rIt waits.\r" * 200,
    "zeros": "a\0b \0\0\n" * 500,
    "astral": "😀é\u0301 漢字。" * 700,
    "no white space": "x" * 20_000,
    "one word": "tide " * 5_000,
    "repeated": "The tide waits for nobody at all.\n\n" * 300,
    "markup": "> - # | a |\n~~~\n```\n<div>\n\n[a]: b\n" * 150,
    "messages": "**Ada** 2024-05-01 10:00\nIs it you?\n\n**Bo** 10:01\nIt is.\n\n" * 150,
    "code": "class A:\n    def f(self):\n\treturn 'é😀'\n\n\n" * 200,
    "broken code": "def f(:\n  ((((\n'''\n" * 400,
    "menus": "[Home](/)\n[About](/about)\n\nSubscribe\n\nShare\n\n" * 100
    + "# Words\n\nMine. " * 50,
    "odd blanks": "a\u00a0\u2028\x0b\x0c b\u200b\n" * 500,
}


def label(provided: Provided) -> str:
    return f"{provided.component.hook}-{provided.component.name}"


@pytest.fixture
def ctx(tmp_path: Path) -> BuildContext:
    return BuildContext(
        cache=tmp_path / "cache", data=tmp_path / "data", get_embedding=hash_embedding
    )


def documents(kind: Kind) -> Iterator[Document]:
    for suffix in (".md", ".py", ".rs", ""):
        for name, text in TEXTS.items():
            yield Document(source=f"file:notes/{name}{suffix}", text=text, kind=kind)


def test_every_hook_is_filled_by_the_product() -> None:
    assert [hook for hook, components in OF_KIND.items() if not components] == []


@pytest.mark.parametrize("provided", OFFERED, ids=label)
def test_a_component_says_what_it_is(provided: Provided) -> None:
    component = provided.component
    assert component.name == component.name.lower().strip()
    assert component.name.replace("-", "").isalnum()
    assert 10 < len(component.summary) <= 90
    assert "\n" not in component.summary
    assert not component.summary.endswith(".")
    assert provided.version


@pytest.mark.parametrize("provided", OFFERED, ids=label)
def test_options_have_defaults_are_frozen_and_refuse_what_they_do_not_know(
    provided: Provided,
) -> None:
    model = provided.component.options
    options = model()
    assert model.model_validate(options.model_dump(mode="json")) == options
    with pytest.raises(ValidationError, match="extra_forbidden"):
        model.model_validate({"no_such_option": 1})
    for name in model.model_fields:
        with pytest.raises(ValidationError, match="frozen"):
            setattr(options, name, None)


def test_names_are_taken_once() -> None:
    names = [label(provided) for provided in OFFERED]
    assert len(set(names)) == len(names)


HEAVY = ("llama_index", "torch", "qdrant_client", "qdrant_edge", "sentence_transformers", "openai")

LISTING = """
import sys
from twin.hookspecs import COMPONENT_TYPES
from twin.plugins import discover
offered = [one.component.options() for hook in COMPONENT_TYPES for one in discover(()).provided(hook)]
assert len(offered) > 8
print(" ".join(sys.modules))
"""


def test_listing_components_imports_nothing_heavy() -> None:
    done = subprocess.run(
        [sys.executable, "-c", LISTING], capture_output=True, text=True, check=True, timeout=120
    )
    loaded = {name.partition(".")[0] for name in done.stdout.split()}
    assert "twin" in loaded
    assert loaded.isdisjoint(HEAVY)


# Node parsers


def test_every_kind_has_a_parser_made_for_it() -> None:
    made_for = {kind for component in OF_KIND["twin_node_parsers"] for kind in component.kinds}
    assert made_for == set(Kind)


@pytest.mark.parametrize("component", OF_KIND["twin_node_parsers"], ids=lambda c: str(c.name))
def test_a_node_parser_gives_exact_slices_in_order(component: Any, ctx: BuildContext) -> None:
    from llama_index.core.schema import Document as LlamaDocument

    parser = component.build(component.options(), ctx)
    for document in documents(component.kinds[0]):
        text = document.text
        whole = LlamaDocument(text=text, metadata={"source": document.source})
        nodes = parser.get_nodes_from_documents([whole])
        spans = [(node.start_char_idx, node.end_char_idx) for node in nodes]
        assert [text[start:end] for start, end in spans] == [node.text for node in nodes]
        assert all(a < b and c <= d for (a, c), (b, d) in pairwise(spans)), document.source
        covered = {place for span in spans for place in range(*span)}
        lost = [n for n, mark in enumerate(text) if n not in covered and not mark.isspace()]
        assert lost == [], document.source
        assert whole.text == text
        trimmed = [trim(text, Span(*span)) for span in spans]
        assert passages(document, parser, []) == [span for span in trimmed if span.of(text)]


@pytest.mark.parametrize("component", OF_KIND["twin_node_parsers"], ids=lambda c: str(c.name))
def test_a_node_parser_gives_the_same_again(component: Any, ctx: BuildContext) -> None:
    parser = component.build(component.options(), ctx)
    again = component.build(component.options(), ctx)
    for document in documents(component.kinds[0]):
        assert passages(document, parser, []) == passages(document, again, [])


# Cleaners


@pytest.mark.parametrize("component", OF_KIND["twin_cleaners"], ids=lambda c: str(c.name))
@pytest.mark.parametrize("kind", Kind)
def test_a_cleaner_names_spans_of_the_text_and_edits_nothing(
    component: Any, kind: Kind, ctx: BuildContext
) -> None:
    cleaner = component.build(component.options(), ctx)
    for document in documents(kind):
        before = replace(document)
        found = list(cleaner(document))
        assert document == before
        assert list(cleaner(document)) == found
        assert all(excluded.reason.strip() for excluded in found)
        assert all(0 <= e.span.start < e.span.end <= len(document.text) for e in found)
        excluded_spans(document, [cleaner])


# Vector stores


@pytest.mark.parametrize("component", OF_KIND["twin_vector_stores"], ids=lambda c: str(c.name))
def test_building_a_vector_store_opens_and_makes_nothing(component: Any, ctx: BuildContext) -> None:
    store = component.build(component.options(), ctx)
    store.close()
    assert not ctx.data.exists()
    assert not ctx.cache.exists()
