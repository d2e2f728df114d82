"""The language models: quotes (offline), TGI, any OpenAI-compatible server, and the teacher.

In: options. Out: a LlamaIndex `LLM` for the chat, a `Teacher` for planning.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, Self

from pydantic import Field, model_validator

from twin.components import BuildContext, LLMComponent, Options, Teacher

if TYPE_CHECKING:
    from llama_index.core.llms import LLM

_KEY = Field(
    default="OPENAI_API_KEY", description="The environment variable that holds the key, if any."
)
_ANY_NAME = "tgi"
"""The name of a model that a server of one model takes for its own."""


class QuotesOptions(Options):
    """Options of the model that quotes."""

    sentences: int = Field(default=3, ge=1, le=8, description="Of one quotation, at most.")
    quotations: int = Field(default=3, ge=1, le=8, description="Of an answer, at most.")
    passages: int = Field(default=5, ge=1, le=50, description="The best passages that it reads.")


class _Answering(Options):
    """What any server of a chat model is told, and how long it is waited for."""

    temperature: float = Field(default=0.2, ge=0, le=2)
    max_tokens: int = Field(default=700, ge=1, description="Of the answer.")
    timeout: float = Field(default=60, gt=0, description="Seconds between two tokens.")
    first_token: float = Field(
        default=120, gt=0, description="Seconds until the first token: a long prompt takes some."
    )
    retries: int = Field(
        default=4,
        ge=0,
        description="Further attempts while the server is busy, loads its model or is not there. "
        "Never after the first token.",
    )
    patience: float = Field(
        default=30, ge=0, description="Seconds that all waiting for a further attempt may take."
    )


class ServerOptions(_Answering):
    """Options of an OpenAI-compatible server: vLLM, SGLang, llama.cpp, Ollama, OpenAI, TGI."""

    base_url: str = Field(
        default="http://127.0.0.1:8080/v1", description="The part before /chat/completions."
    )
    model: str = Field(
        default=_ANY_NAME, description="As the server names it; one of a single model takes any."
    )
    api_key_env: str = _KEY
    context_window: int = Field(default=8192, ge=512, description="Tokens that the model reads.")


class TGIOptions(_Answering):
    """Options of Text Generation Inference."""

    base_url: str = Field(default="http://127.0.0.1:8080", description="Without /v1.")
    model: str = Field(
        default="", description="What must be served, as `/info` names it; empty takes any."
    )
    adapter: str = Field(
        default="", description="The LoRA adapter, as LORA_ADAPTERS of the server names it."
    )
    route: Literal["messages", "generate"] | None = Field(
        default=None, description="None takes messages, or generate where an adapter is named."
    )
    stop: tuple[str, ...] = Field(default=(), max_length=4, description="Texts that end an answer.")
    tokenizer: str = Field(
        default="",
        description="A folder whose chat template is applied here, for a server that has none.",
    )
    api_key_env: str = Field(
        default="TGI_API_KEY", description="The environment variable that holds the key, if any."
    )

    @model_validator(mode="after")
    def _adapters_go_by_generate(self) -> Self:
        if self.adapter and self.route == "messages":
            message = "the messages route takes no adapter: leave route out, or say generate"
            raise ValueError(message)
        return self


class TeacherOptions(Options):
    """Options of the teacher."""

    base_url: str = Field(default="http://127.0.0.1:8080/v1")
    model: str = Field(default=_ANY_NAME)
    api_key_env: str = _KEY
    temperature: float = Field(default=0, ge=0, le=2)
    timeout: float = Field(default=30, gt=0, description="Seconds.")
    retries: int = Field(default=2, ge=0)


def _openai(options: ServerOptions, ctx: BuildContext) -> LLM:
    from twin.basics.openai_server import OpenAISpeaker, patience_of  # noqa: PLC0415 - heavy
    from twin.basics.servers import NO_KEY, Server  # noqa: PLC0415
    from twin.models.chat_model import chat_model  # noqa: PLC0415

    key = ctx.secret(options.api_key_env) or NO_KEY
    server = Server(options.model, options.base_url.rstrip("/"), key, options.api_key_env)
    return chat_model(
        OpenAISpeaker(server, patience_of(options)),
        kind="openai",
        name=options.model,
        temperature=options.temperature,
        max_tokens=options.max_tokens,
        context_window=options.context_window,
    )


def _tgi(options: TGIOptions, ctx: BuildContext) -> LLM:
    from twin.basics.openai_server import patience_of  # noqa: PLC0415 - heavy
    from twin.basics.servers import NO_KEY, Server  # noqa: PLC0415
    from twin.basics.tgi import TGISpeaker  # noqa: PLC0415
    from twin.models.chat_model import chat_model  # noqa: PLC0415
    from twin.models.tokenizers import local_template  # noqa: PLC0415

    key = ctx.secret(options.api_key_env) or NO_KEY
    name = options.model or _ANY_NAME
    address = options.base_url.rstrip("/").removesuffix("/v1")
    speaker = TGISpeaker(
        Server(name, address, key, options.api_key_env),
        patience_of(options),
        model=options.model,
        adapter=options.adapter,
        native=options.route == "generate" or bool(options.adapter),
        stop=options.stop,
        template=local_template(options.tokenizer) if options.tokenizer else None,
    )
    return chat_model(
        speaker,
        kind="tgi",
        name=f"{name}+{options.adapter}" if options.adapter else name,
        temperature=options.temperature,
        max_tokens=options.max_tokens,
        context_window=8192,
    )


def _teacher(options: TeacherOptions, ctx: BuildContext) -> Teacher:
    from langchain_openai import ChatOpenAI  # noqa: PLC0415 - heavy
    from pydantic import SecretStr  # noqa: PLC0415

    from twin.basics.openai_server import OpenAISpeaker  # noqa: PLC0415
    from twin.basics.servers import NO_KEY, Server  # noqa: PLC0415
    from twin.basics.teacher import OpenAITeacher  # noqa: PLC0415
    from twin.models.patience import Patience  # noqa: PLC0415

    key = ctx.secret(options.api_key_env) or NO_KEY
    model = ChatOpenAI(
        model=options.model,
        base_url=options.base_url,
        api_key=SecretStr(key),
        temperature=options.temperature,
        timeout=options.timeout,
        max_retries=options.retries,
    )
    server = Server(options.model, options.base_url.rstrip("/"), key, options.api_key_env)
    wait = options.timeout
    patience = Patience(retries=options.retries, seconds=wait, first_token=wait, silence=wait)
    return OpenAITeacher(model, server, OpenAISpeaker(server, patience))


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
        name="tgi",
        summary="Text Generation Inference, with its LoRA adapters",
        options=TGIOptions,
        build=_tgi,
    ),
    LLMComponent(
        name="openai",
        summary="Any OpenAI-compatible server: vLLM, SGLang, llama.cpp, Ollama, OpenAI, TGI",
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
