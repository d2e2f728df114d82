"""Jupyter notebooks: what is the person's in them, and what is not."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Read = Callable[..., Any]
Write = Callable[..., Path]

PYTHON = {"language_info": {"name": "python"}, "kernelspec": {"language": "python"}}


def markdown(*lines: str) -> dict[str, Any]:
    return {"cell_type": "markdown", "metadata": {}, "source": list(lines)}


def code(source: str) -> dict[str, Any]:
    said = {"output_type": "stream", "name": "stdout", "text": ["what the program answered\n"]}
    return {"cell_type": "code", "metadata": {}, "source": source, "outputs": [said]}


def raw(source: str) -> dict[str, Any]:
    return {"cell_type": "raw", "metadata": {}, "source": source}


def notebook(*cells: dict[str, Any], **more: Any) -> str:
    return json.dumps(
        {"nbformat": 4, "nbformat_minor": 5, "metadata": PYTHON, "cells": cells, **more}
    )


def test_prose_and_code_stand_in_their_order_and_outputs_stay_away(
    read: Read, write: Write
) -> None:
    write(
        "tides.ipynb",
        notebook(markdown("# On tides\n", "\n", "The moon *pulls*."), code("print(1)\n")),
    )
    found = read().only
    assert found.text == "# On tides\n\nThe moon *pulls*.\n\n```python\nprint(1)\n```\n"
    assert (found.title, found.kind) == ("On tides", "article")
    assert found.media_type == "application/x-ipynb+json"
    assert b"what the program answered" in found.raw


def test_a_first_cell_of_front_matter_states_what_it_states_in_a_text(
    read: Read, write: Write
) -> None:
    front = raw("---\ntitle: Ebb and flow\ndate: 2023-04-05\ndraft: true\n---\n")
    write("a.ipynb", notebook(front, markdown("The sea goes out."), raw("\\newpage")))
    found = read().only
    assert (found.title, found.published_at, found.audience) == (
        "Ebb and flow",
        "2023-04-05",
        "private",
    )
    assert found.text.strip() == "The sea goes out."


def test_code_that_has_fences_or_another_language_keeps_them(read: Read, write: Write) -> None:
    write("a.ipynb", notebook(markdown("Two cells."), code('"""\n```\n"""'), code("%%bash\nls")))
    text = read().only.text
    assert '````python\n"""\n```\n"""\n````' in text
    assert "```bash\n%%bash\nls\n```" in text


def test_a_notebook_of_format_3(read: Read, write: Write) -> None:
    cells = [
        {"cell_type": "heading", "level": 2, "source": ["Tides"]},
        {"cell_type": "code", "input": ["x <- 1"], "language": "r", "outputs": []},
        {"cell_type": "heading", "level": 99, "source": "Ends"},
    ]
    write("a.ipynb", json.dumps({"nbformat": 3, "metadata": {}, "worksheets": [{"cells": cells}]}))
    assert read().only.text == "## Tides\n\n```r\nx <- 1\n```\n\n# Ends\n"


def test_lines_are_counted_in_what_is_written_not_in_the_file(read: Read, write: Write) -> None:
    indented = json.dumps(json.loads(notebook(markdown("One line."), code("x"))), indent=1)
    assert indented.count("\n") > 20
    write("a.ipynb", indented)
    write("b.ipynb", notebook(markdown(*["line\n"] * 30)))
    found = read(max_lines=20)
    assert list(found.documents) == ["a.ipynb"]
    assert "more than max_lines, 20" in found.ledger.failures["b.ipynb"]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("{", "it is no notebook"),
        ("[" * 100_000, "it is no notebook"),
        ("[1, 2]", "it is JSON, and no notebook"),
        ('{"cells": "none"}', "it is JSON, and no notebook"),
        ('{"worksheets": [7, {"cells": [3]}]}', "it is JSON, and no notebook"),
    ],
)
def test_what_is_no_notebook_fails_alone(read: Read, write: Write, content: str, told: str) -> None:
    write("bad.ipynb", content)
    write("good.md")
    found = read()
    assert list(found.documents) == ["good.md"]
    assert told in found.ledger.failures["bad.ipynb"]


@pytest.mark.parametrize(
    "cells",
    [
        [],
        [markdown("  \n")],
        [{"cell_type": "code", "source": 7}],
        [{"cell_type": "markdown", "source": [None, {}]}],
        [raw("---\ntitle: Only\n---\n")],
    ],
)
def test_a_notebook_in_which_nothing_is_written_is_skipped(
    read: Read, write: Write, cells: list[dict[str, Any]]
) -> None:
    write("a.ipynb", notebook(*cells, metadata=[]))
    assert read().ledger.skips == {"a.ipynb": "it has no text"}
