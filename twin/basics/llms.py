"""The language models: quotes (offline), any OpenAI-compatible server, and the teacher.

In: options. Out: a LlamaIndex `LLM` for the chat, a `Teacher` for planning.
"""

from __future__ import annotations

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
    from llama_index.core.llms import LLM

_KEY = Field(
    default="OPENAI_API_KEY", description="The environment variable that holds the key, if any."
)


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


def _openai(options: ServerOptions, ctx: BuildContext) -> LLM:
    from llama_index.llms.openai_like import OpenAILike  # noqa: PLC0415 - heavy

    return OpenAILike(
        model=options.model,
        api_base=options.base_url,
        # Servers of one's own ask for no key, and the client refuses to send none.
        api_key=ctx.secret(options.api_key_env) or "none",
        is_chat_model=True,
        temperature=options.temperature,
        max_tokens=options.max_tokens,
        context_window=options.context_window,
        timeout=options.timeout,
        max_retries=options.retries,
    )


class OpenAITeacher:
    """A teacher on an OpenAI-compatible server, by langchain-openai's structured output."""

    def __init__(self, model: ChatOpenAI) -> None:
        self._model = model

    def structured(self, schema: type[ModelT], system: str, user: str) -> ModelT:
        """Return the model's answer as an instance of `schema`."""
        form = self._model.with_structured_output(schema, method="json_schema")
        try:
            answer = form.invoke([("system", system), ("human", user)])
        except Exception as error:  # the client and the validator raise dozens of kinds
            message = f"the teacher did not fill in the form: {error}"
            raise ModelError(message, "is models.teacher reachable, and able to?") from error
        if not isinstance(answer, schema):
            message = f"the teacher answered {type(answer).__name__}, not {schema.__name__}"
            raise ModelError(message, "choose a model that supports JSON schema output")
        return answer


def _teacher(options: TeacherOptions, ctx: BuildContext) -> Teacher:
    from langchain_openai import ChatOpenAI  # noqa: PLC0415 - heavy
    from pydantic import SecretStr  # noqa: PLC0415

    return OpenAITeacher(
        ChatOpenAI(
            model=options.model,
            base_url=options.base_url,
            api_key=SecretStr(ctx.secret(options.api_key_env) or "none"),
            temperature=options.temperature,
            timeout=options.timeout,
            max_retries=options.retries,
        )
    )


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
