"""A turn as the servers that watch receive it: one tree in one trace, by a real OTLP receiver."""

from __future__ import annotations

import json
import re
import socket
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from llama_index.core.llms import ChatMessage, ChatResponse, CustomLLM, LLMMetadata
from opentelemetry.proto.trace.v1.trace_pb2 import Span
from oteltap.oteltap_core import OtelTapCore, OtelTapFlags

from tests.conftest import SHARED
from tests.langfuse import KEYS, Kept, langfuse, soon
from tests.unit.test_retriever import Adding, Backwards, House
from twin import observe
from twin.chat.answer import Answer, Answerer
from twin.chat.drafting import Drafter
from twin.chat.drafts import Brief
from twin.chat.wish import Turn, Wish
from twin.documents import Audience
from twin.prompts import Origin, Prompt, put_in_place
from twin.settings import Settings
from twin.tables import ObserveSettings
from twin.tracing import asked_by

QUESTION = "Does the tide wait for the boats?"
PROMPT_TOKENS, COMPLETION_TOKENS = 321, 7


class Counting(CustomLLM):
    """Answers from the first passage, counts tokens as servers do, and fails if it is told to."""

    fails: bool = False

    @property
    def metadata(self) -> LLMMetadata:
        return LLMMetadata(model_name="counting-1", is_chat_model=True)

    def complete(self, *_: Any, **__: Any) -> Any:
        raise AssertionError

    stream_complete = complete

    def stream_chat(self, messages: Any, **kwargs: Any) -> Iterator[ChatResponse]:
        assert messages[0].role == "system"
        if kwargs.get("max_tokens") == 120:
            yield self._part("Does the tide wait for the boats?")
            return
        text = ""
        for part in ("The tide ", "waits for ", "nobody [1]."):
            text += part
            yield self._part(part)
        if self.fails:
            message = "the cable was cut"
            raise OSError(message)
        said = {"prompt_tokens": PROMPT_TOKENS, "completion_tokens": COMPLETION_TOKENS}
        last = self._part("")
        last.additional_kwargs = {**said, "finish_reason": "stop"}
        yield last

    def _part(self, delta: str) -> ChatResponse:
        return ChatResponse(message=ChatMessage(role="assistant", content=delta), delta=delta)


class Tap:
    """The receiver, read by a thread."""

    def __init__(self) -> None:
        with socket.socket() as found:
            found.bind(("127.0.0.1", 0))
            port = found.getsockname()[1]
        code, self._handle = OtelTapCore.oteltap_start_receiving_http_protobuf(
            port, OtelTapFlags.NONE, None, None, None
        )
        assert code == 0, code
        self.url = f"http://127.0.0.1:{port}"
        self.spans: list[Span] = []
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._read)
        self._thread.start()

    def _read(self) -> None:
        while not self._ended.is_set():
            _, data = OtelTapCore.oteltap_poll_trace(self._handle, 50)
            if data is not None:
                self.spans.append(Span.FromString(data))

    def take(self, body: bytes) -> None:
        """Take what was sent to somebody else."""
        headers = {"content-type": "application/x-protobuf"}
        request = urllib.request.Request(f"{self.url}/v1/traces", body, headers)
        urllib.request.urlopen(request, timeout=30).close()

    def close(self) -> None:
        self._ended.set()
        self._thread.join()
        OtelTapCore.oteltap_stop_receiving(self._handle)


@pytest.fixture(scope="module")
def contract() -> Path:
    path = SHARED.parent / "contracts" / "langfuse-openapi.yml"
    if not path.exists():
        pytest.skip("Langfuse's description (../shared/contracts) does not lie beside the checkout")
    return path


@pytest.fixture
def tap() -> Iterator[Tap]:
    receiver = Tap()
    yield receiver
    receiver.close()


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    opened = House(tmp_path / "house")
    opened.add(
        "tide", "The tide waits for nobody. Our boats do wait.", title="Tide", author="Xanthippe"
    )
    opened.add(
        "storm", "Winter storms come over the hills at night.", title="Storm", author="Xanthippe"
    )
    yield opened
    opened.close()


@pytest.fixture(autouse=True)
def folder(tmp_path: Path) -> None:
    (tmp_path / "house").mkdir()


def answerer(house: House, model: Any) -> Answerer:
    retriever = house.retriever(
        query_transforms=lambda: [Adding("Do boats wait?")],
        rerankers=[("backwards", Backwards)],
    )
    return Answerer(retriever, lambda _name: model, person="Xanthippe", minimum_relevance=0.0)


def ask(house: House, model: Any = None, **more: Any) -> Answer:
    with asked_by(user="ines", session="conversation-1"):
        wish = Wish(temperature=0.2, max_tokens=99, model="me")
        made = answerer(house, model or Counting())
        return made.answer(QUESTION, audience=Audience.PUBLIC, wish=wish, **more)


def said(span: Span) -> dict[str, Any]:
    def plain(value: Any) -> Any:
        kind = value.WhichOneof("value")
        if kind == "array_value":
            return [plain(one) for one in value.array_value.values]
        return getattr(value, kind)

    return {attribute.key: plain(attribute.value) for attribute in span.attributes}


def tree(spans: list[Span]) -> dict[str, list[str]]:
    """Return the names of the children of each name."""
    names = {span.span_id: span.name for span in spans}
    children: dict[str, list[str]] = {}
    for span in sorted(spans, key=lambda s: s.start_time_unix_nano):
        children.setdefault(names.get(span.parent_span_id, ""), []).append(span.name)
    return children


def named(spans: list[Span], name: str) -> dict[str, Any]:
    [one] = [span for span in spans if span.name == name]
    return said(one)


@contextmanager
def watched(kept: Kept, home: Path, content: bool = True) -> Iterator[observe.Observer]:  # noqa: FBT001, FBT002
    settings = Settings(observe=ObserveSettings(content=content))
    with observe.start(settings, kept.environment(), home) as observer:
        yield observer


def test_the_whole_turn_is_one_tree(house: House, tap: Tap, tmp_path: Path) -> None:
    with observe.start(Settings(), {"OTEL_EXPORTER_OTLP_ENDPOINT": tap.url}, tmp_path):
        answer = ask(house, history=[Turn("When is the tide?", "At noon.")])
    soon(lambda: any(span.name == "answer" for span in tap.spans))
    spans = tap.spans
    assert {span.trace_id.hex() for span in spans} == {answer.trace_id}
    children = tree(spans)
    assert children[""] == ["answer"]
    assert children["answer"] == ["follow-up", "retrieve", "prompt", "generation"]
    assert children["retrieve"] == [
        "filters", "variants", "embed", "search", "resolve", "rerank", "context",
    ]  # fmt: skip
    searches = [name for name in children["search"] if name != "fusion"]
    assert sorted(searches) == 2 * ["search by meaning"] + 2 * ["search by words"]
    assert children["search"].count("fusion") == 1
    assert not list((tmp_path / "traces").glob("*/[0-9]*"))


def test_what_each_step_says(  # noqa: PLR0915 - a step has much to say
    house: House, tap: Tap, tmp_path: Path
) -> None:
    with observe.start(Settings(), {"OTEL_EXPORTER_OTLP_ENDPOINT": tap.url}, tmp_path):
        answer = ask(house)
    soon(lambda: any(span.name == "answer" for span in tap.spans))
    spans = tap.spans
    for span in spans:
        attributes = said(span)
        assert attributes["user.id"] == attributes["langfuse.user.id"] == "ines"
        assert attributes["session.id"] == attributes["langfuse.session.id"] == "conversation-1"
        if span.name != "resolve":
            assert attributes["openinference.span.kind"]
            assert attributes["langfuse.observation.type"]
    [source] = answer.sources
    passage = source.passage
    where = f"{passage.document_id}@{passage.version}:{passage.start}-{passage.end}"

    turn = named(spans, "answer")
    assert turn["langfuse.trace.name"] == "answer"
    assert turn["input.value"] == turn["langfuse.observation.input"] == QUESTION
    assert turn["output.value"] == answer.text
    assert turn["twin.documents"] == [where]
    assert turn["twin.seconds.total"] == pytest.approx(answer.timings["total"])

    retrieved = named(spans, "retrieve")
    assert retrieved["openinference.span.kind"] == "RETRIEVER"
    assert where in retrieved["twin.documents"]
    assert retrieved["retrieval.documents.0.document.content"] in {
        p.text for p in answer.retrieval.passages
    }
    metadata = json.loads(retrieved["retrieval.documents.0.document.metadata"])
    assert metadata["version"] == 1
    assert json.loads(named(spans, "variants")["output.value"]) == [QUESTION, "Do boats wait?"]
    assert named(spans, "embed")["embedding.model_name"] == "hash"
    assert named(spans, "embed")["embedding.embeddings.1.embedding.text"] == "Do boats wait?"
    assert named(spans, "rerank")["reranker.model_name"] == "backwards"
    one, other = (
        [named(spans, "rerank")[f"reranker.{side}_documents.{n}.document.id"] for n in range(2)]
        for side in ("input", "output")
    )
    assert one == other[::-1]
    for search in (s for s in spans if s.name.startswith("search by")):
        assert said(search)["twin.hits"] > 0
        assert said(search)["retrieval.documents.0.document.id"]

    prompt = named(spans, "prompt")
    assert prompt["twin.prompt"] == prompt["llm.prompt_template.version"] == answer.prompt_version
    assert set(prompt["twin.documents"]) == set(retrieved["twin.documents"])

    generation = named(spans, "generation")
    assert generation["langfuse.observation.type"] == "generation"
    assert generation["gen_ai.operation.name"] == "chat"
    assert generation["gen_ai.request.model"] == generation["llm.model_name"] == "counting-1"
    assert generation["twin.adapter"] == "me"
    assert generation["gen_ai.request.temperature"] == 0.2
    assert generation["gen_ai.request.max_tokens"] == 99
    assert generation["gen_ai.usage.input_tokens"] == generation["llm.token_count.prompt"] == 321
    assert generation["gen_ai.usage.output_tokens"] == 7
    usage = json.loads(generation["langfuse.observation.usage_details"])
    assert usage == {"input": 321, "output": 7, "total": 328}
    assert generation["gen_ai.response.finish_reasons"] == ["stop"]
    assert 0 < generation["gen_ai.response.time_to_first_chunk"] < answer.timings["total"]
    assert generation["langfuse.observation.completion_start_time"].startswith("20")
    assert generation["llm.input_messages.0.message.role"] == "system"
    assert QUESTION in generation["llm.input_messages.1.message.content"]
    assert generation["llm.output_messages.0.message.content"] == "The tide waits for nobody [1]."
    assert generation["twin.prompt"] == answer.prompt_version
    assert "langfuse.observation.prompt.name" not in generation


def test_langfuse_is_sent_the_same_and_a_score_that_its_contract_allows(
    house: House, tap: Tap, tmp_path: Path, contract: Path
) -> None:
    with langfuse(contract) as kept:
        kept.hand_on = tap.take
        with watched(kept, tmp_path) as observer:
            answer = ask(house)
            observer.score(answer.trace_id, "thumb", 1.0, "So it is.")
            observer.score(answer.trace_id, "form", "post")
        soon(lambda: len(kept.scores) == 2)
    assert kept.wrong == []
    assert tree(tap.spans)["answer"] == ["retrieve", "prompt", "generation"]
    assert {score["traceId"] for score in kept.scores} == {answer.trace_id}


def test_the_contract_would_refuse_another_score(contract: Path) -> None:
    with langfuse(contract) as kept:
        body = json.dumps({"id": "1", "name": "thumb", "value": [1]}).encode()
        headers = {"authorization": KEYS, "content-type": "application/json"}
        request = urllib.request.Request(f"{kept.url}/api/public/scores", body, headers)
        with pytest.raises(urllib.error.HTTPError):
            urllib.request.urlopen(request, timeout=30)
    [wrong] = kept.wrong
    assert "InvalidRequestBody" in wrong


def test_a_prompt_of_langfuse_is_linked(house: House, tmp_path: Path) -> None:
    put_in_place({"answer": Prompt("answer", 7, "$person $refusal", Origin.LANGFUSE)})
    try:
        with langfuse(None) as kept, watched(kept, tmp_path):
            assert ask(house).prompt_version == "answer@langfuse-7"
        generation = named(kept.spans, "generation")
    finally:
        put_in_place({})
    assert generation["langfuse.observation.prompt.name"] == "answer"
    assert generation["langfuse.observation.prompt.version"] == 7


def test_a_draft_is_one_tree_with_a_generation_a_variant(house: House, tmp_path: Path) -> None:
    drafter = Drafter(house.retriever(), lambda _name: Counting(), person="Xanthippe")
    brief = Brief(about=QUESTION, words=40, audience=Audience.PUBLIC)
    with langfuse(None) as kept, watched(kept, tmp_path):
        draft = drafter.draft(brief, variants=2)
    children = tree(kept.spans)
    assert children[""] == ["draft"]
    assert children["draft"] == ["retrieve", "generation", "generation"]
    whole = named(kept.spans, "draft")
    assert json.loads(whole["output.value"]) == [variant.text for variant in draft.variants]
    assert whole["langfuse.trace.name"] == "draft"
    assert len(draft.trace_id) == 32
    for span in kept.spans:
        if span.name == "generation":
            assert said(span)["twin.prompt"] == draft.prompt_version
            assert said(span)["gen_ai.usage.output_tokens"] == 7


def test_without_content_no_word_of_it_is_told(house: House, tmp_path: Path) -> None:
    with langfuse(None) as kept, watched(kept, tmp_path, content=False) as observer:
        answer = ask(house)
        observer.score(answer.trace_id, "thumb", 0.0, "wrong tide")
    told = " ".join(map(str, [*kept.spans, *kept.scores])).casefold()
    for word in ("tide", "boats", "storm", "nobody", "xanthippe", "written voice", "file:notes"):
        assert word not in told, word
    generation = named(kept.spans, "generation")
    assert generation["gen_ai.usage.input_tokens"] == 321
    assert generation["twin.prompt"] == answer.prompt_version
    # Who asked can be told from others, and not by name.
    assert re.fullmatch("[0-9a-f]{16}", generation["user.id"])
    assert named(kept.spans, "answer")["user.id"] == generation["user.id"]
    assert generation["langfuse.user.id"] == generation["user.id"]
    assert '"ines"' not in told
    assert named(kept.spans, "answer")["twin.documents"]


def test_a_failure_is_told_where_it_happened(house: House, tmp_path: Path) -> None:
    with langfuse(None) as kept, watched(kept, tmp_path), pytest.raises(Exception, match="cable"):
        ask(house, Counting(fails=True))
    for name in ("generation", "answer"):
        [span] = [s for s in kept.spans if s.name == name]
        assert span.status.code == span.status.STATUS_CODE_ERROR
        assert said(span)["langfuse.observation.level"] == "ERROR"
        assert "the cable was cut" in said(span)["langfuse.observation.status_message"]
    assert named(kept.spans, "generation")["output.value"].startswith("The tide")


def test_an_answer_that_is_stopped_ends_its_spans(house: House, tmp_path: Path) -> None:
    with langfuse(None) as kept, watched(kept, tmp_path):
        stream: Any = answerer(house, Counting()).stream(QUESTION, audience=Audience.PUBLIC)
        for _ in range(2):
            next(stream)
        stream.close()
    assert named(kept.spans, "generation")["twin.stopped"] is True
    assert named(kept.spans, "answer")["twin.stopped"] is True


def test_answers_beside_each_other_do_not_mix(house: House, tmp_path: Path) -> None:
    with langfuse(None) as kept, watched(kept, tmp_path):
        streams = []
        for user in ("ada", "ben"):
            with asked_by(user=user):
                made: Any = answerer(house, Counting())
                streams.append((user, made.stream(QUESTION, audience=Audience.PUBLIC)))
        last: dict[str, Answer] = {}
        while streams:
            for user, stream in list(streams):
                with asked_by(user=user):
                    event = next(stream, None)
                if isinstance(event, Answer):
                    last[user] = event
                elif event is None:
                    streams.remove((user, stream))
    for user, answer in last.items():
        own = [s for s in kept.spans if s.trace_id.hex() == answer.trace_id]
        assert tree(own)["answer"] == ["retrieve", "prompt", "generation"]
        assert {said(span)["user.id"] for span in own} == {user}


def test_the_names_are_those_of_the_conventions(house: House, tmp_path: Path) -> None:
    from langfuse._client.attributes import LangfuseOtelSpanAttributes as Theirs
    from openinference.semconv import trace as openinference
    from opentelemetry.semconv._incubating.attributes import gen_ai_attributes as gen_ai

    def constants(owner: Any) -> set[str]:
        return {value for value in vars(owner).values() if isinstance(value, str)}

    known = constants(Theirs) | constants(gen_ai)
    for name in vars(openinference):
        if name.endswith("Attributes"):
            known |= constants(getattr(openinference, name))
    with langfuse(None) as kept, watched(kept, tmp_path):
        ask(house)
    told = {key for span in kept.spans for key in said(span)}
    aliases = {"langfuse.user.id", "langfuse.session.id"}
    lists = ("llm.input_messages.", "llm.output_messages.", "retrieval.documents.")
    lists += ("reranker.input_documents.", "reranker.output_documents.", "embedding.embeddings.")
    metadata = "langfuse.observation.metadata"
    assert metadata in known
    for key in sorted(told - known - aliases - {f"{metadata}.documents"}):
        if key.startswith(lists):
            room, what, _number, rest = key.split(".", 3)
            assert f"{room}.{what}" in known, key
            assert rest in known, key
        else:
            assert key.startswith("twin."), key
