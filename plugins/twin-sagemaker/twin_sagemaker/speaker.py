"""SageMaker's runtime.

In: options that name an endpoint. Out: a `Speaker`. boto3 blocks, so each call has a thread; its stream is
closed as soon as nobody reads.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from twin.errors import ComponentUnavailable, ContextOverflow, ModelError
from twin.models.calls import Call, Ending, Pause, Said, from_thread
from twin.models.speaker import Message, ModelState, Speaker, Wanted
from twin.models.tokenizers import local_template
from twin_sagemaker.events import parts, payloads

if TYPE_CHECKING:
    from twin_sagemaker import SageMakerOptions

FIRST_PAUSE, LONGEST_PAUSE = 0.5, 8.0
"""Seconds before the second attempt, and before any; each pause is twice as long as the last."""

_MAY_PASS = {
    "ThrottlingException": "is busy",
    "ServiceUnavailable": "is not ready",
    "ModelNotReadyException": "is loading its model",
    "InternalDependencyException": "failed, and is asked again",
    "InternalFailure": "failed, and is asked again",
}
_MODEL_STATUS = {429: "is busy", 503: "is loading its model"}
"""What the model behind the endpoint answers, which SageMaker hands on as a `ModelError`."""


class _NotReady(Exception):
    """It may answer in a moment."""

    def __init__(self, error: ModelError, why: str) -> None:
        super().__init__(why)
        self.error = error
        self.why = why


class SageMakerSpeaker(Speaker):
    """Speaks through an endpoint.

    Args:
        options: as twin.toml has them.
    """

    def __init__(self, options: SageMakerOptions) -> None:
        self._options = options
        self._template = local_template(options.tokenizer) if options.tokenizer else None

    def begin(self, conversation: Sequence[Message], wanted: Wanted) -> Call:
        """Return the call for one answer."""
        return from_thread(lambda call: self._say(call, conversation, wanted))

    def _say(self, call: Call, conversation: Sequence[Message], wanted: Wanted) -> Iterator[Said]:
        body, tokens = self._body(conversation, wanted)
        begun = time.monotonic()
        for number in range(self._options.retries + 1):
            spoke = False
            try:
                for said in self._once(call, body, tokens):
                    spoke = True
                    yield said
            except _NotReady as failure:
                pause = min(FIRST_PAUSE * 2**number, LONGEST_PAUSE)
                over = time.monotonic() - begun + pause > self._options.patience
                if spoke or over or number == self._options.retries:
                    raise failure.error from failure.__cause__
                yield Pause(failure.why)
                if call.gone.wait(pause):
                    return
            else:
                return

    def _body(
        self, conversation: Sequence[Message], wanted: Wanted
    ) -> tuple[dict[str, Any], int | None]:
        """Return what is sent, and its tokens if they can be counted."""
        templated = self._template(conversation) if self._template else None
        tokens = len(templated.ids) if templated else None
        if tokens is not None and tokens + 1 > self._options.context_window:
            limit = self._options.context_window
            message = f"the conversation has {tokens:,} tokens, and {self._name} reads {limit:,}"
            hint = "lower retrieve.token_budget or retrieve.passages"
            raise ContextOverflow(message, hint, tokens=tokens, limit=limit)
        if self._options.adapter and templated is not None:
            how: dict[str, Any] = {"do_sample": wanted.temperature > 0, "details": True}
            if wanted.temperature:
                how["temperature"] = wanted.temperature
            how |= {"max_new_tokens": wanted.max_tokens, "adapter_id": self._options.adapter}
            # TGI puts the beginning of the sequence there itself.
            text = templated.text.removeprefix(self._beginning(conversation))
            return {"inputs": text, "parameters": how, "stream": True}, tokens
        return {
            "model": "tgi",
            "messages": [message._asdict() for message in conversation],
            "temperature": wanted.temperature,
            "max_tokens": wanted.max_tokens,
            "stream": True,
            "stream_options": {"include_usage": True},
        }, tokens

    def _beginning(self, conversation: Sequence[Message]) -> str:
        """Return the beginning-of-sequence text that template and tokenizer would both write."""
        from pathlib import Path  # noqa: PLC0415

        from twin.models.tokenizers import load_tokenizer, templated  # noqa: PLC0415 - heavy

        folder = Path(self._options.tokenizer).expanduser()
        tokenizer = load_tokenizer(folder)
        read = templated(folder, conversation)
        start = tokenizer.bos_token or ""
        twice = tokenizer(read.text)["input_ids"] != list(read.ids)
        return start if twice and read.text.startswith(start) else ""

    def _once(self, call: Call, body: dict[str, Any], tokens: int | None) -> Iterator[Said]:
        stream = None
        ended = False
        try:
            chosen = (
                {"InferenceComponentName": self._options.component}
                if self._options.component
                else {}
            )
            answer = self._client.invoke_endpoint_with_response_stream(
                EndpointName=self._options.endpoint,
                ContentType="application/json",
                Body=json.dumps(body).encode(),
                **chosen,
            )
            stream = answer["Body"]
            for said in parts(payloads(_chunks(stream, call)), tokens):
                ended = ended or isinstance(said, Ending)
                yield said
        except ModelError:
            raise
        except Exception as error:
            raise self._failed(error) from error
        finally:
            if stream is not None:
                stream.close()
        if not ended and not call.gone.is_set():
            message = f"the answer of {self._name} broke off"
            hint = "what do the endpoint's logs in CloudWatch say?"
            raise _NotReady(
                ModelError(message, hint), f"{self._name} broke off, and is asked again"
            )

    def _failed(self, error: Exception) -> Exception:
        said = getattr(error, "response", None) or {}
        facts = said.get("Error", {}) if isinstance(said, dict) else {}
        code, text = str(facts.get("Code", "")), str(facts.get("Message") or error)
        hint = (
            "`aws sagemaker describe-endpoint` tells its state; are region and credentials right?"
        )
        message = f"{self._name} failed: {text}"
        status = said.get("OriginalStatusCode") if isinstance(said, dict) else None
        why = _MAY_PASS.get(code) or _MODEL_STATUS.get(status or 0, "")
        if not why and type(error).__name__ in {
            "EndpointConnectionError",
            "ConnectionClosedError",
            "ConnectTimeoutError",
        }:
            why = "does not answer, and is asked again"
        if type(error).__name__ == "ReadTimeoutError":
            return ModelError(f"{self._name} said nothing for a long time", hint)
        if type(error).__name__ in {"NoCredentialsError", "NoRegionError", "ProfileNotFound"}:
            hint = (
                "set up AWS as boto3 wants it: the environment, ~/.aws, or region and profile here"
            )
            return ComponentUnavailable(message, hint)
        if "token" in text and why == "" and code == "ModelError":
            return ContextOverflow(message, "lower retrieve.token_budget or retrieve.passages")
        failure = ModelError(message, hint)
        return _NotReady(failure, f"{self._name} {why}") if why else failure

    @property
    def _name(self) -> str:
        return f"the endpoint {self._options.endpoint}"

    @cached_property
    def _client(self) -> Any:
        import boto3  # noqa: PLC0415 - heavy
        from botocore.config import Config  # noqa: PLC0415

        options = self._options
        session = boto3.Session(
            profile_name=options.profile or None, region_name=options.region or None
        )
        config = Config(
            retries={"total_max_attempts": 1},
            read_timeout=max(options.first_token, options.timeout),
            max_pool_connections=64,
        )
        return session.client(
            "sagemaker-runtime", config=config, endpoint_url=options.address or None
        )

    # What it says beyond the chat

    def token_ids(self, conversation: Sequence[Message]) -> list[int] | None:
        """Return the token ids as the local template gives them, None if there is none."""
        return list(self._template(conversation).ids) if self._template else None

    def state(self) -> ModelState:
        """Return what is named; asking the endpoint itself would need more rights than speaking."""
        return ModelState(
            where=f"SageMaker, {self._client.meta.region_name}",
            model=self._options.endpoint,
            context=self._options.context_window,
            adapter=self._options.adapter,
        )


def _chunks(stream: Any, call: Call) -> Iterator[bytes]:
    """Yield the bytes of a stream until nobody reads them any more."""
    for event in stream:
        if call.gone.is_set():
            return
        part = event.get("PayloadPart")
        if part is not None:
            yield bytes(part["Bytes"])
