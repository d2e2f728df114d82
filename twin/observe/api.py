"""Langfuse's public API, as far as it is used: prompts, datasets, observations, and where a trace is.

In: keys. Out: answers as frozen models. It is called by commands and by threads of its own, never
while somebody waits for an answer. The requests are those of Langfuse's OpenAPI description.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Self, TypeVar
from urllib.parse import quote

import httpx
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from twin.errors import TraceError
from twin.observe.targets import Keys

TIMEOUT = httpx.Timeout(10.0, connect=3.0)
PAGE = 100
"""Observations of one page; the server gives up to 1,000."""

_Form = TypeVar("_Form", bound=BaseModel)


class _Answer(BaseModel):
    model_config = ConfigDict(frozen=True, populate_by_name=True)


class PromptVersion(_Answer):
    """One version of a prompt: a text, or the messages of a chat."""

    name: str
    version: int
    prompt: str | list[dict[str, Any]]
    labels: tuple[str, ...] = ()


class Observation(_Answer):
    """A step of a trace; the first one of a turn has no parent."""

    id: str
    trace_id: str | None = Field(alias="traceId")
    started: datetime = Field(alias="startTime")
    name: str | None = None
    user: str | None = Field(default=None, alias="userId")
    session: str | None = Field(default=None, alias="sessionId")
    input: Any = None
    output: Any = None
    metadata: Any = None


class _Page(_Answer):
    class Meta(_Answer):
        cursor: str | None = None

    data: tuple[Observation, ...]
    meta: Meta


class _Scores(_Answer):
    class Score(_Answer):
        class Subject(_Answer):
            kind: str
            id: str

        subject: Subject | None = None

    class Meta(_Answer):
        cursor: str | None = None

    data: tuple[Score, ...]
    meta: Meta


class _Projects(_Answer):
    class Project(_Answer):
        id: str

    data: tuple[Project, ...]


class _Made(_Answer):
    id: str = ""


class Langfuse:
    """A client of one project.

    Args:
        keys: the address and the project's keys.
    """

    def __init__(self, keys: Keys) -> None:
        self.base_url = keys.base_url
        self._client = httpx.Client(
            base_url=f"{keys.base_url}/api/public", headers=keys.headers, timeout=TIMEOUT
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def healthy(self) -> None:
        """See whether it answers and takes the keys.

        Raises:
            TraceError: if not.
        """
        self.project()

    def project(self) -> str:
        """Return the id of the project that the keys belong to.

        Raises:
            TraceError: if the server does not say.
        """
        projects = self._get("/projects", {}, _Projects)
        if not projects.data:
            message = f"{self.base_url} names no project for these keys"
            raise TraceError(message, "are they the keys of a project?")
        return projects.data[0].id

    def prompt(self, name: str, label: str) -> PromptVersion | None:
        """Return the version of a prompt that has a label, None if there is none.

        Raises:
            TraceError: if the server does not answer as it must.
        """
        path = f"/v2/prompts/{quote(name, safe='')}"
        response = self._request("GET", path, params={"label": label})
        if response.status_code == httpx.codes.NOT_FOUND:
            return None
        return self._read(response, PromptVersion)

    def add_prompt(self, name: str, template: str, labels: tuple[str, ...]) -> PromptVersion:
        """Make a text the newest version of a prompt, and return it.

        Raises:
            TraceError: if the server does not take it.
        """
        body = {"type": "text", "name": name, "prompt": template, "labels": list(labels)}
        return self._post("/v2/prompts", body, PromptVersion)

    def turns(
        self,
        *,
        trace_id: str = "",
        name: str = "",
        user: str = "",
        session: str = "",
        since: datetime | None = None,
        most: int = PAGE,
    ) -> Iterator[Observation]:
        """Yield the first steps of traces with their input and output, the newest first.

        Raises:
            TraceError: if the server does not answer as it must.
        """
        wanted: dict[str, str | int | bool] = {
            "fields": "core,basic,io,metadata",
            # Anything longer than 200 characters is cut, unless it is named.
            "expandMetadata": "documents",
            "isRootObservation": True,
            "limit": min(most, PAGE),
        }
        given = {"traceId": trace_id, "name": name, "userId": user, "sessionId": session}
        wanted |= {key: value for key, value in given.items() if value}
        if since is not None:
            wanted["fromStartTime"] = since.isoformat()
        while most > 0:
            page = self._get("/v2/observations", wanted, _Page)
            yield from page.data[:most]
            most -= len(page.data)
            if not page.meta.cursor or not page.data:
                return
            wanted["cursor"] = page.meta.cursor

    def scored(self, name: str, value: float, most: int) -> Iterator[str]:
        """Yield the ids of traces that have a score of a name and value.

        Raises:
            TraceError: if the server does not answer as it must.
        """
        wanted: dict[str, str | int | bool] = {
            "fields": "subject",
            "name": name,
            "dataType": "NUMERIC",
            "value": f"{value:g}",
            "limit": min(most, PAGE),
        }
        while most > 0:
            page = self._get("/v3/scores", wanted, _Scores)
            for score in page.data[:most]:
                if score.subject is not None and score.subject.kind == "trace":
                    yield score.subject.id
            most -= len(page.data)
            if not page.meta.cursor or not page.data:
                return
            wanted["cursor"] = page.meta.cursor

    def make_dataset(self, name: str, description: str) -> None:
        """Make a dataset; one of that name is kept.

        Raises:
            TraceError: if the server does not take it.
        """
        self._post("/v2/datasets", {"name": name, "description": description}, _Made)

    def add_item(self, dataset: str, item_id: str, item: Mapping[str, Any]) -> None:
        """Put an item into a dataset; the same id replaces.

        Args:
            dataset: its name.
            item_id: unique in the project.
            item: input, expectedOutput, metadata, sourceTraceId, sourceObservationId.

        Raises:
            TraceError: if the server does not take it.
        """
        body = {"datasetName": dataset, "id": item_id, **item}
        self._post("/dataset-items", body, _Made)

    def _get(self, path: str, params: Mapping[str, str | int | bool], form: type[_Form]) -> _Form:
        return self._read(self._request("GET", path, params=dict(params)), form)

    def _post(self, path: str, body: Mapping[str, Any], form: type[_Form]) -> _Form:
        return self._read(self._request("POST", path, json=body), form)

    def _request(self, method: str, path: str, **given: Any) -> httpx.Response:
        try:
            return self._client.request(method, path, **given)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            message = f"Langfuse at {self.base_url} does not answer: {type(error).__name__}"
            raise TraceError(message, "does it run there? LANGFUSE_BASE_URL says where") from error

    def _read(self, response: httpx.Response, form: type[_Form]) -> _Form:
        status = response.status_code
        if status in {httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN}:
            message = f"Langfuse at {self.base_url} refuses the keys ({status})"
            raise TraceError(message, "see LANGFUSE_PUBLIC_KEY and LANGFUSE_SECRET_KEY")
        if not response.is_success:
            message = f"Langfuse at {self.base_url} answered {status} to {response.url.path}"
            raise TraceError(message, "is it of version 4 or later? docs/tracing.md")
        try:
            return form.model_validate(response.json())
        except (json.JSONDecodeError, ValidationError, UnicodeDecodeError) as error:
            message = f"Langfuse at {self.base_url} answered {response.url.path} in another form"
            raise TraceError(message, "is it of version 4 or later? docs/tracing.md") from error
