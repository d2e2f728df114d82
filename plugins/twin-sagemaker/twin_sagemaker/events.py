"""TGI's events in SageMaker's stream.

In: chunks of bytes, cut anywhere. Out: the parts of an answer and its ending, whether TGI was asked by
messages or by text.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from twin.errors import ContextOverflow, ModelError
from twin.models.calls import Ending, Said

_ENDINGS = {"eos_token": "stop", "stop_sequence": "stop"}


def payloads(chunks: Iterable[bytes]) -> Iterator[dict[str, Any]]:
    """Yield the JSON of every server-sent event.

    Raises:
        ModelError: if one is no JSON.
    """
    rest = b""
    for chunk in chunks:
        rest += chunk
        *lines, rest = rest.split(b"\n")
        for line in lines:
            data = line.strip().removeprefix(b"data:").strip()
            if not line.startswith(b"data:") or data == b"[DONE]":
                continue
            try:
                said = json.loads(data)
            except ValueError as error:
                message = f"the endpoint sent something that is no event of TGI: {data[:80]!r}"
                raise ModelError(message, "does it host Text Generation Inference?") from error
            if isinstance(said, dict):
                yield said


def parts(events: Iterable[dict[str, Any]], tokens: int | None) -> Iterator[Said]:
    """Yield the parts of an answer, and its ending if it came to one.

    Args:
        events: as `payloads` gives them.
        tokens: of the conversation, if they were counted.

    Raises:
        ModelError: if the model fails.
    """
    reason, written, read = "", None, tokens
    for event in events:
        if "error" in event:
            raise failed(event)
        if "token" in event:
            token, details = event["token"], event.get("details") or {}
            if token.get("text") and not token.get("special"):
                yield str(token["text"])
            reason = details.get("finish_reason") or reason
            written = details.get("generated_tokens") or written
            read = details.get("input_length") or read
        for choice in event.get("choices") or ():
            if text := (choice.get("delta") or {}).get("content"):
                yield str(text)
            reason = choice.get("finish_reason") or reason
        if usage := event.get("usage"):
            read, written = usage.get("prompt_tokens"), usage.get("completion_tokens")
    if reason:
        yield Ending(
            finish_reason=_ENDINGS.get(reason, reason),
            prompt_tokens=read,
            completion_tokens=written,
        )


def failed(event: dict[str, Any]) -> ModelError:
    """Return what to raise for an error that TGI tells."""
    error = event["error"]
    said = error.get("message", error) if isinstance(error, dict) else error
    text = f"the endpoint's model failed: {said}"
    if "token" in str(said):
        return ContextOverflow(text, "lower retrieve.token_budget or retrieve.passages")
    return ModelError(text, "what do the endpoint's logs in CloudWatch say?")
