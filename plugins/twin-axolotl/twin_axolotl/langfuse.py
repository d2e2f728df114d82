"""A run as a trace of Langfuse, by its HTTP API and nothing but the standard library.

In: the events of a run and a project's keys. Out: one trace over OTLP (JSON) whose observation holds
the loss curve, and its last numbers as scores. Identifiers are made from the run's name, so that
sending the same run again replaces what was there.
"""

import base64
import hashlib
import json
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Self

from twin_axolotl.record import EVENTS

TIMEOUT: Final = 10.0
"""Seconds for one request; a run must not wait long for a server that is away."""

CLOUD: Final = "https://cloud.langfuse.com"

SCORED: Final = ("loss", "train_loss", "eval_loss", "rewards/accuracies", "rewards/margins")
"""Numbers that become scores, where the run has them."""


@dataclass(frozen=True, slots=True)
class Keys:
    """How a project of Langfuse is reached."""

    public: str
    secret: str = field(repr=False)
    address: str = CLOUD

    @classmethod
    def of(cls, environ: Mapping[str, str]) -> Self | None:
        """Return the keys that the environment holds, None where there are none."""
        public, secret = environ.get("LANGFUSE_PUBLIC_KEY"), environ.get("LANGFUSE_SECRET_KEY")
        if not public or not secret:
            return None
        address = environ.get("LANGFUSE_BASE_URL") or environ.get("LANGFUSE_HOST")
        return cls(public, secret, (address or CLOUD).rstrip("/"))


def send(keys: Keys, folder: Path, name: str, facts: Mapping[str, str]) -> None:
    """Send a run.

    Args:
        keys: of the project.
        folder: the run's folder, with its events.
        name: of the run.
        facts: what it was made with; becomes the trace's metadata.

    Raises:
        OSError: if the server is away or refuses it.
    """
    lines = (folder / EVENTS).read_text("utf-8").splitlines()
    events = [json.loads(line) for line in lines]
    trace = hashlib.sha256(f"twin-run:{name}".encode()).hexdigest()[:32]
    _post(keys, "/api/public/otel/v1/traces", _spans(trace, name, events, facts))
    last: dict[str, float] = {}
    for event in events:
        if event["event"] == "log":
            last.update(event["values"])
    for metric in SCORED:
        if metric in last:
            score = {
                "id": f"{trace}-{metric.replace('/', '-')}",
                "traceId": trace,
                "name": metric,
                "value": last[metric],
                "dataType": "NUMERIC",
            }
            _post(keys, "/api/public/scores", score)


def _spans(
    trace: str, name: str, events: list[dict[str, Any]], facts: Mapping[str, str]
) -> dict[str, Any]:
    curve = [
        {"step": event["step"], **event["values"]} for event in events if event["event"] == "log"
    ]
    attributes = {
        "langfuse.trace.name": f"training {name}",
        "langfuse.trace.tags": json.dumps(["training"]),
        "langfuse.observation.type": "span",
        "langfuse.observation.input": json.dumps(dict(facts)),
        "langfuse.observation.output": json.dumps(curve),
        **{f"langfuse.trace.metadata.{key}": value for key, value in facts.items()},
    }
    span = {
        "traceId": trace,
        "spanId": trace[:16],
        "name": f"training {name}",
        "kind": 1,
        "startTimeUnixNano": str(int(events[0]["at"] * 1e9)),
        "endTimeUnixNano": str(int(events[-1]["at"] * 1e9)),
        "attributes": [_attribute(key, value) for key, value in attributes.items()],
    }
    scope = {"scope": {"name": "twin-axolotl"}, "spans": [span]}
    resource = {"attributes": [_attribute("service.name", "twin")]}
    return {"resourceSpans": [{"resource": resource, "scopeSpans": [scope]}]}


def _attribute(key: str, value: str) -> dict[str, Any]:
    return {"key": key, "value": {"stringValue": value}}


def _post(keys: Keys, path: str, body: Mapping[str, Any]) -> None:
    login = base64.b64encode(f"{keys.public}:{keys.secret}".encode()).decode()
    request = urllib.request.Request(  # noqa: S310 - the address is the person's own setting
        keys.address + path,
        data=json.dumps(body).encode(),
        headers={"Content-Type": "application/json", "Authorization": f"Basic {login}"},
        method="POST",
    )
    with urllib.request.urlopen(request, timeout=TIMEOUT) as answer:  # noqa: S310
        answer.read()
