"""Files that are given to the twin in the page.

In: a message with files. Out: their writing in the warehouse, and a message that says what was taken
in, what was not, and why.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

import chainlit as cl

from twin.chat.page import escaped
from twin.errors import UsageError
from twin.ingest.intake import Intake
from twin.serving.answering import NO_ANSWER, reader
from twin.serving.room import Room

SHOWN = 5
"""Remarks on one file."""


async def take_in(room: Room, message: cl.Message) -> None:
    """Take in what came with a message.

    Raises:
        TwinError: if nothing may be taken in here, or a file cannot be read at all.
    """
    if not room.access.keeps:
        text = "guests cannot give the twin anything to read"
        raise UsageError(text, "ask its owner")
    files = [(one.name, Path(one.path)) for one in message.elements if one.path]
    async with cl.Step("Taking in", type="tool", icon="inbox") as step:
        done = await asyncio.to_thread(room.take_in, files, reader())
        step.name = f"Took in {len(files)} file{'' if len(files) == 1 else 's'}"
        step.output = told(done)
    # Chainlit offers thumbs under whatever it takes for an answer.
    said = cl.Message(told(done), type=NO_ANSWER)
    await said.send()  # type: ignore[no-untyped-call]


def told(done: Sequence[tuple[str, Intake]]) -> str:
    """Return what became of files, as Markdown."""
    lines = []
    for name, intake in done:
        lines.append(f"**{escaped(name)}**: {escaped(_became(intake))}")
        remarks = [*intake.failures, *intake.skips]
        lines += [f"- {escaped(f'{one.item}: {one.reason}')}" for one in remarks[:SHOWN]]
        if len(remarks) > SHOWN:
            lines.append(f"- and {len(remarks) - SHOWN} more")
    if any(intake.new or intake.changed for _, intake in done):
        lines.append("\nIt is private, and is found in a moment\\.")
    return "\n".join(lines)


def _became(intake: Intake) -> str:
    if intake.broken:
        return f"it could not be read: {intake.broken}"
    if intake.held:
        reasons = "; ".join(dict.fromkeys(one.reason for one in intake.held))
        return f"held back, because {reasons}. `twin quarantine release` lets it in"
    parts = [
        f"{count} {'text' if count == 1 else 'texts'} {what}"
        for count, what in (
            (intake.new, "taken in"),
            (intake.changed, "changed"),
            (intake.unchanged, "known already"),
        )
        if count
    ]
    return ", ".join(parts) or "nothing in it could be read as writing"
