"""The servers that watch, as the environment names them: Langfuse, and any that takes OTLP.

In: environment variables. Out: addresses and headers, or nothing. Keys stand nowhere else, and in no
text that this makes.
"""

from __future__ import annotations

import base64
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote

_log = logging.getLogger("twin.observe")

LANGFUSE_HERE = "http://127.0.0.1:3000"
"""Langfuse of docker-compose.yml. Its SDK would take its makers' cloud; one's own writing goes there
only if one says so."""


@dataclass(frozen=True, slots=True)
class Target:
    """A server that takes spans.

    Attributes:
        name: of the folder in which is kept what it has not taken yet.
        traces: the address that takes them.
        scores: the address that takes scores, if it does.
        headers: sent with each request; they hold the keys.
        compressed: whether it takes spans under gzip, as Langfuse does; some receivers do not.
    """

    name: str
    traces: str
    scores: str = ""
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    compressed: bool = True

    @property
    def shown(self) -> str:
        """The address as it may be shown, without a name or password."""
        scheme, _, rest = self.traces.partition("://")
        host = rest.partition("/")[0].rpartition("@")[2]
        return f"{scheme}://{host}"


@dataclass(frozen=True, slots=True)
class Keys:
    """Langfuse: its address and the keys of a project."""

    base_url: str
    public: str = field(repr=False)
    secret: str = field(repr=False)

    @property
    def headers(self) -> dict[str, str]:
        """What proves who asks."""
        both = base64.b64encode(f"{self.public}:{self.secret}".encode()).decode("ascii")
        return {"authorization": f"Basic {both}"}

    @property
    def target(self) -> Target:
        """Where spans and scores go.

        The version asks Langfuse 4 to show spans at once, as its own SDK does.
        """
        api = f"{self.base_url}/api/public"
        headers = {**self.headers, "x-langfuse-ingestion-version": "4"}
        return Target("langfuse", f"{api}/otel/v1/traces", f"{api}/scores", headers)


def langfuse(environ: Mapping[str, str]) -> Keys | None:
    """Return Langfuse, if its two keys are set and it is not turned off."""
    public = environ.get("LANGFUSE_PUBLIC_KEY", "").strip()
    secret = environ.get("LANGFUSE_SECRET_KEY", "").strip()
    if environ.get("LANGFUSE_TRACING_ENABLED", "").strip().casefold() in {"false", "0"}:
        return None
    if bool(public) != bool(secret):
        _log.warning("only one of LANGFUSE_PUBLIC_KEY and LANGFUSE_SECRET_KEY is set: not traced")
    if not public or not secret:
        return None
    address = environ.get("LANGFUSE_BASE_URL") or environ.get("LANGFUSE_HOST") or LANGFUSE_HERE
    return Keys(address.strip().rstrip("/"), public, secret)


def collector(environ: Mapping[str, str]) -> Target | None:
    """Return the OTLP endpoint of OpenTelemetry's own variables, if one is set.

    https://opentelemetry.io/docs/specs/otel/protocol/exporter/
    """
    if environ.get("OTEL_SDK_DISABLED", "").strip().casefold() == "true":
        return None
    address = environ.get("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "").strip()
    if not address and (base := environ.get("OTEL_EXPORTER_OTLP_ENDPOINT", "").strip()):
        address = f"{base.rstrip('/')}/v1/traces"
    if not address:
        return None
    protocol = _of_traces(environ, "PROTOCOL") or "http/protobuf"
    if protocol != "http/protobuf":
        _log.warning("OTEL_EXPORTER_OTLP_PROTOCOL=%s: http/protobuf is spoken instead", protocol)
    pairs = (pair.partition("=") for pair in _of_traces(environ, "HEADERS").split(","))
    headers = {unquote(k).strip().lower(): unquote(v).strip() for k, _, v in pairs if k.strip()}
    compressed = _of_traces(environ, "COMPRESSION") == "gzip"
    return Target("otlp", address, headers=headers, compressed=compressed)


def _of_traces(environ: Mapping[str, str], name: str) -> str:
    return (
        environ.get(f"OTEL_EXPORTER_OTLP_TRACES_{name}")
        or environ.get(f"OTEL_EXPORTER_OTLP_{name}")
        or ""
    ).strip()
