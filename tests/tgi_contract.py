"""TGI's API description, as something to hold requests and answers against.

In: the description's path. Out: what is wrong with a request, an answer or an event, in words.
"""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from openapi_core import OpenAPI
from openapi_core.datatypes import RequestParameters
from openapi_core.exceptions import OpenAPIError
from openapi_schema_validator import OAS30Validator

HOST = "http://127.0.0.1"


@dataclass
class _Request:
    """A request as openapi-core takes it."""

    method: str
    path: str
    body: bytes | None
    content_type: str = "application/json"
    host_url: str = HOST
    full_url_pattern: str = ""
    parameters: RequestParameters = field(default_factory=RequestParameters)

    def __post_init__(self) -> None:
        self.full_url_pattern = f"{self.host_url}{self.path}"


@dataclass
class _Answer:
    """An answer as openapi-core takes it."""

    status_code: int
    data: bytes
    content_type: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)


class Contract:
    """The description.

    Args:
        path: of the JSON file.
    """

    def __init__(self, path: Path) -> None:
        self._description = json.loads(path.read_text(encoding="utf-8"))
        self._api = OpenAPI.from_dict(self._description)
        self._schemas = self._description["components"]["schemas"]
        self._validators: dict[str, Any] = {}

    def request(self, method: str, path: str, body: bytes, headers: dict[str, str]) -> list[str]:
        """Return what is wrong with a request; keys that the description does not know count too."""
        kind = headers.get("content-type", "application/json").partition(";")[0]
        request = _Request(method.lower(), urlsplit(path).path, body or None, kind)
        try:
            self._api.validate_request(request)
        except OpenAPIError as error:
            return [f"{method} {path}: {error!r} {error.__cause__!r:.300}"]
        return [f"{method} {path}: {name} is unknown" for name in self._unknown(path, body)]

    def _unknown(self, path: str, body: bytes) -> list[str]:
        operation = self._description["paths"][path]
        content = operation.get("post", {}).get("requestBody", {}).get("content", {})
        name = content.get("application/json", {}).get("schema", {}).get("$ref", "").split("/")[-1]
        known = self._schemas.get(name, {}).get("properties")
        if known is None or not body:
            return []
        said = json.loads(body)
        # huggingface_hub says `stream` to every route; the native one does not know it and drops it.
        unknown = sorted(
            set(said) - set(known) - ({"stream"} if path == "/generate_stream" else set())
        )
        parameters = self._schemas["GenerateParameters"]["properties"]
        return unknown + sorted(set(said.get("parameters", {})) - set(parameters))

    def answer(self, method: str, path: str, status: int, data: bytes) -> list[str]:
        """Return what is wrong with an answer of a route that is described."""
        responses = (
            self._description["paths"].get(path, {}).get(method.lower(), {}).get("responses", {})
        )
        # 401 stands nowhere, and 503 at /health alone; servers send both anywhere.
        if str(status) not in responses or path == "/generate_stream":
            return []
        request = _Request(method.lower(), path, None)
        try:
            self._api.validate_response(request, _Answer(status, data))
        except OpenAPIError as error:
            return [f"{method} {path} {status}: {error!r} {error.__cause__!r:.300}"]
        return []

    def event(self, schema: str, event: dict[str, Any]) -> list[str]:
        """Return what is wrong with an event of a stream."""
        validator = self._validators.get(schema)
        if validator is None:
            whole = {
                "$ref": f"#/components/schemas/{schema}",
                "components": {"schemas": self._schemas},
            }
            validator = self._validators[schema] = OAS30Validator(whole)
        # A nullable reference allows no null by the letter of OpenAPI 3.0; TGI sends it.
        return [
            f"{schema}: {error.message}" for error in validator.iter_errors(_without_nulls(event))
        ]


def _without_nulls(said: Any) -> Any:
    if isinstance(said, dict):
        return {name: _without_nulls(value) for name, value in said.items() if value is not None}
    return [_without_nulls(value) for value in said] if isinstance(said, list) else said
