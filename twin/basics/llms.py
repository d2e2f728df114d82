"""The language models: quotes (offline), any OpenAI-compatible server, and the teacher.

In: options. Out: a LlamaIndex `LLM` for the chat, a `Teacher` for planning.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

from pydantic import Field

from twin.components import (
    BuildContext,
    LLMComponent,
    ModelT,
    Options,
    Teacher,
)
from twin.errors import ModelError

if TYPE_CHECKING:
    from langchain_openai import ChatOpenAI
    from llama_index.core.llms import LLM, ChatResponse

_KEY = Field(
    default="OPENAI_API_KEY", description="The environment variable that holds the key, if any."
)


_NO_KEY = "none"
"""Servers of one's own ask for no key, and the clients refuse to send none."""

_NOT_UNDERSTOOD = 422
"""What TGI says of a body that is not in its own form."""


class QuotesOptions(Options):
    """Options of the model that quotes."""

    sentences: int = Field(default=3, ge=1, le=8, description="Of one quotation, at most.")
    quotations: int = Field(default=3, ge=1, le=8, description="Of an answer, at most.")
    passages: int = Field(default=5, ge=1, le=50, description="The best passages that it reads.")


class ServerOptions(Options):
    """Options of an OpenAI-compatible server: TGI, vLLM, SGLang, llama.cpp, Ollama, OpenAI."""

    base_url: str = Field(
        default="http://127.0.0.1:8080/v1", description="TGI's Messages API ends in /v1."
    )
    model: str = Field(default="tgi", description="TGI serves one model and ignores the name.")
    api_key_env: str = _KEY
    temperature: float = Field(default=0.2, ge=0, le=2)
    max_tokens: int = Field(default=700, ge=1, description="Of the answer.")
    context_window: int = Field(default=8192, ge=512, description="Tokens that the model reads.")
    timeout: float = Field(default=60, gt=0, description="Seconds.")
    retries: int = Field(default=2, ge=0, description="Before the first token; never after it.")


class TeacherOptions(Options):
    """Options of the teacher."""

    base_url: str = Field(default="http://127.0.0.1:8080/v1")
    model: str = Field(default="tgi")
    api_key_env: str = _KEY
    temperature: float = Field(default=0, ge=0, le=2)
    timeout: float = Field(default=30, gt=0, description="Seconds.")
    retries: int = Field(default=2, ge=0)


@cache
def _server_class() -> Any:
    """Return the LlamaIndex class; made on first use, its imports being heavy."""
    from llama_index.core.bridge.pydantic import PrivateAttr  # noqa: PLC0415
    from llama_index.core.llms import ChatMessage  # noqa: PLC0415
    from llama_index.llms.openai_like import OpenAILike  # noqa: PLC0415

    class OpenAIServer(OpenAILike):
        """An OpenAI-compatible server, whose failures say what to do."""

        _options: ServerOptions = PrivateAttr()

        def __init__(self, options: ServerOptions, **values: Any) -> None:
            super().__init__(**values)
            self._options = options

        def stream_chat(
            self, messages: Sequence[ChatMessage], **kwargs: Any
        ) -> Generator[ChatResponse, None, None]:
            return whole(super().stream_chat(messages, **kwargs), self._options, self.api_key or "")

    return OpenAIServer


def whole(
    stream: Iterator[ChatResponse], options: ServerOptions, key: str
) -> Generator[ChatResponse, None, None]:
    """Yield a stream as it comes, and see that it came to its end.

    Args:
        stream: of a server.
        options: name it in what is said of a failure.
        key: never shown, whatever the server says.

    Raises:
        ModelError: if the server fails, or the stream ends without saying why.
    """
    finished = False
    try:
        for response in stream:
            choices = getattr(response.raw, "choices", None) or ()
            finished = finished or any(choice.finish_reason for choice in choices)
            yield response
    except Exception as error:  # noqa: BLE001 - the client raises dozens of kinds
        message = f"the chat model {options.model} failed: {_without(key, str(error))}"
        cause = error if _without(key, str(error)) == str(error) else None
        raise ModelError(message, _hint(error, options)) from cause
    if not finished:
        # A connection that is closed in good order looks like an end.
        message = f"the answer of the chat model {options.model} broke off"
        raise ModelError(message, f"what does the server at {options.base_url} say?")


def _without(key: str, text: str) -> str:
    """Return a text without the key, which a server may repeat."""
    return text.replace(key, "[key]") if key and key != _NO_KEY else text


def _hint(error: Exception, options: ServerOptions | TeacherOptions) -> str:
    status = getattr(error, "status_code", None)
    if status in {401, 403}:
        return f"is {options.api_key_env} set in the environment, and right?"
    if status in {400, 413, 422}:
        return "if the prompt is too long, lower retrieve.token_budget or retrieve.passages"
    return f"does a server answer at {options.base_url}? `twin doctor` asks it"


def _openai(options: ServerOptions, ctx: BuildContext) -> LLM:
    model: LLM = _server_class()(
        options,
        model=options.model,
        api_base=options.base_url,
        api_key=ctx.secret(options.api_key_env) or _NO_KEY,
        is_chat_model=True,
        temperature=options.temperature,
        max_tokens=options.max_tokens,
        context_window=options.context_window,
        timeout=options.timeout,
        max_retries=options.retries,
    )
    return model


class OpenAITeacher:
    """A teacher on an OpenAI-compatible server, by langchain-openai's structured output."""

    def __init__(self, model: ChatOpenAI, options: TeacherOptions, key: str) -> None:
        self._model = model
        self._options = options
        self._key = key
        self._tgi = False

    def structured(self, schema: type[ModelT], system: str, user: str) -> ModelT:
        """Return the model's answer as an instance of `schema`."""
        messages = [("system", system), ("human", user)]
        try:
            answer = self._answer(schema, messages)
        except Exception as error:  # noqa: BLE001 - the client and the validator raise dozens of kinds
            message = f"the teacher did not fill in the form: {_without(self._key, str(error))}"
            cause = error if _without(self._key, str(error)) == str(error) else None
            raise ModelError(message, _hint(error, self._options)) from cause
        if not isinstance(answer, schema):
            message = f"the teacher answered {type(answer).__name__}, not {schema.__name__}"
            raise ModelError(message, "choose a model that supports JSON schema output")
        return answer

    def _answer(self, schema: type[ModelT], messages: list[tuple[str, str]]) -> Any:
        if not self._tgi:
            form = self._model.with_structured_output(schema, method="json_schema")
            try:
                return form.invoke(messages)
            except Exception as error:
                if getattr(error, "status_code", None) != _NOT_UNDERSTOOD:
                    raise
        # TGI wants the schema under "value", where OpenAI would refuse it.
        config = {"name": schema.__name__, "schema": schema.model_json_schema()}
        wanted = {"response_format": {"type": "json_schema", "value": config}}
        reply = self._model.bind(extra_body=wanted).invoke(messages)
        answer = schema.model_validate_json(str(reply.content))
        self._tgi = True
        return answer


def _teacher(options: TeacherOptions, ctx: BuildContext) -> Teacher:
    from langchain_openai import ChatOpenAI  # noqa: PLC0415 - heavy
    from pydantic import SecretStr  # noqa: PLC0415

    key = ctx.secret(options.api_key_env) or _NO_KEY
    model = ChatOpenAI(
        model=options.model,
        base_url=options.base_url,
        api_key=SecretStr(key),
        temperature=options.temperature,
        timeout=options.timeout,
        max_retries=options.retries,
    )
    return OpenAITeacher(model, options, key)


def _quotes(options: QuotesOptions, ctx: BuildContext) -> LLM:
    from twin.basics.quotes import quotes_model  # noqa: PLC0415 - heavy

    return quotes_model(options, ctx)


COMPONENTS: tuple[LLMComponent[Any], ...] = (
    LLMComponent(
        name="quotes",
        summary="The author's own best sentences, word for word; offline",
        options=QuotesOptions,
        build=_quotes,
    ),
    LLMComponent(
        name="openai",
        summary="Any OpenAI-compatible server: TGI, vLLM, SGLang, llama.cpp, Ollama, OpenAI",
        options=ServerOptions,
        build=_openai,
    ),
    LLMComponent(
        name="openai-teacher",
        summary="The teacher on an OpenAI-compatible server, with structured output",
        options=TeacherOptions,
        build=_teacher,
        roles=frozenset({"teacher"}),
    ),
)
