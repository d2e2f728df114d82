"""What `twin doctor` asks the language models.

In: a home, and perhaps a training run. Out: a check a model: whether it answers, what is served there, and
whether it reads a conversation as the run's tokenizer does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from twin.errors import ConfigurationError, TwinError
from twin.home import Home

GOOD, FAIR, BAD = "ok", "note", "broken"
"""The states of a check: well; works, but could be better; does not work."""

Checked = tuple[str, str, str]
"""State, what, and how to mend it."""

Check = Callable[[Home], Checked]


def model_checks(home: Home, run: str = "") -> dict[str, Check]:
    """Return a check for each language model of the settings, by name.

    Args:
        home: whose settings.
        run: the run, or a folder, whose tokenizer the chat models are compared with; empty takes the
            one that each adapter names.
    """
    try:
        return dict(_checks(home, run))
    except TwinError:
        # The settings are wrong, and the check of the model says so as the other checks do.
        return {"chat model": partial(_model, lambda home: home.registry.llm(), run)}


def _checks(home: Home, run: str) -> Iterator[tuple[str, Check]]:
    models = home.settings.models
    yield "chat model", partial(_model, lambda home: home.registry.llm(), run)
    for adapter in models.adapters:

        def build(home: Home, name: str = adapter.name) -> Any:
            return home.registry.chat_model(name)

        yield f"adapter {adapter.name}", partial(_model, build, adapter.run or run)
    if models.teacher is not None:
        yield "teacher", partial(_model, lambda home: home.registry.teacher(), "")


def _model(build: Callable[[Home], Any], run: str, home: Home) -> Checked:
    from twin.models.speaker import Checked as Told  # noqa: PLC0415 - needed only here

    model = build(home)
    state = model.state() if isinstance(model, Told) else None
    if state is None:
        metadata = getattr(model, "metadata", None)
        name = str(getattr(metadata, "model_name", type(model).__name__))
        return GOOD, name, ""
    served = f"{state.model}, adapter {state.adapter}" if state.adapter else state.model
    context = f", {state.context:,} tokens" if state.context else ""
    facts = [f"{served} at {state.where}{context}"]
    if run:
        parity, mend = _parity(home, model, run)
        if mend:
            return BAD, "; ".join([*facts, parity]), mend
        facts.append(parity)
    if state.remarks:
        return FAIR, "; ".join(facts), "; ".join(state.remarks)
    return GOOD, "; ".join(facts), ""


def _parity(home: Home, model: Any, run: str) -> tuple[str, str]:
    """Compare how a model and a run's tokenizer read the same conversation.

    Returns:
        What was found, and how to mend it; the second is empty if they agree.
    """
    from twin.models.parity import SAMPLE, first_difference  # noqa: PLC0415 - needed only here
    from twin.models.speaker import GivesTokens  # noqa: PLC0415
    from twin.models.tokenizers import piece_of, templated, tokenizer_folder  # noqa: PLC0415

    folder = tokenizer_folder(run_folder(home.folder, run))
    served = model.token_ids(SAMPLE) if isinstance(model, GivesTokens) else None
    if served is None:
        return "it cannot say how it reads a conversation, so the run is not compared", ""
    trained = templated(folder, SAMPLE).ids
    piece = piece_of(folder)
    difference = first_difference(trained, served, one_piece=piece, other_piece=piece)
    if difference is None:
        return f"reads a conversation as {run} does, {len(trained)} tokens alike", ""
    told = difference.told("the run", "the server")
    mend = "serve the model with the tokenizer and the chat template of the run"
    return f"reads a conversation otherwise than {run}: {told}", mend


def run_folder(home: Path, run: str) -> Path:
    """Return the folder of a run of the home, or one that is named by its path.

    Raises:
        ConfigurationError: if there is neither.
    """
    for folder in (home / "runs" / run, Path(run).expanduser()):
        if folder.is_dir():
            return folder
    message = f"there is no run {run!r}, and no such folder"
    raise ConfigurationError(message, f"runs lie in {home / 'runs'}")
