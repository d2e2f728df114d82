"""transformers in this process.

In: options that name a folder. Out: a `Speaker`, which reads with the tokenizer and the chat template of that
folder, and so as the model was trained.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from twin.errors import ComponentUnavailable, ContextOverflow, ModelError
from twin.models.calls import Call, Ending, Pause, Said, from_thread
from twin.models.speaker import Message, ModelState, Speaker, Wanted
from twin.models.tokenizers import load_tokenizer, templated
from twin_transformers.checkpoint import checkpoint

if TYPE_CHECKING:
    from twin_transformers import TransformersOptions

FEWEST = 32
"""Tokens that must be left for the answer."""


class TransformersSpeaker(Speaker):
    """Speaks through transformers.

    Args:
        options: as twin.toml has them.

    Raises:
        ComponentUnavailable: if the folder lacks something.
    """

    checks_length = True

    def __init__(self, options: TransformersOptions) -> None:
        self._options = options
        self.checkpoint = checkpoint(options.path, options.base)
        folder = self.checkpoint.adapter or self.checkpoint.weights
        run = folder.parent if folder.name in {"adapter", "merged"} else folder
        self.name = run.resolve().name
        self._turn = threading.Lock()
        self._model: Any = None

    def begin(self, conversation: Sequence[Message], wanted: Wanted) -> Call:
        """Return the call for one answer."""
        return from_thread(lambda call: self._say(call, conversation, wanted))

    def _say(self, call: Call, conversation: Sequence[Message], wanted: Wanted) -> Iterator[Said]:
        if self._turn.locked():
            yield Pause("the model is writing another answer")
        with self._turn:
            if call.gone.is_set():
                return
            if self._model is None:
                yield Pause("the model is being loaded")
                self._model = self._load()
            ids = templated(self.checkpoint.tokenizer, conversation).ids
            wanted_tokens = self._room(len(ids), wanted.max_tokens)
            yield from self._generate(call, ids, wanted.temperature, wanted_tokens)

    def _room(self, tokens: int, wanted: int) -> int:
        """Return how many tokens the answer may have."""
        context = self.checkpoint.context
        if context is None:
            return wanted
        if context - tokens < min(FEWEST, wanted):
            message = f"the conversation has {tokens:,} tokens, and {self.name} reads {context:,}"
            hint = "lower retrieve.token_budget or retrieve.passages"
            raise ContextOverflow(message, hint, tokens=tokens, limit=context)
        return min(wanted, context - tokens)

    def _generate(
        self, call: Call, ids: tuple[int, ...], temperature: float, most: int
    ) -> Iterator[Said]:
        import torch  # noqa: PLC0415 - heavy
        from transformers import StoppingCriteriaList  # noqa: PLC0415

        words = _streamer(call, load_tokenizer(self.checkpoint.tokenizer))
        ends = self._ends()
        asked = torch.tensor([ids], device=self._model.device)
        how = (
            {"do_sample": True, "temperature": temperature} if temperature else {"do_sample": False}
        )
        try:
            with torch.inference_mode():
                written = self._model.generate(
                    asked,
                    attention_mask=torch.ones_like(asked),
                    max_new_tokens=most,
                    streamer=words,
                    stopping_criteria=StoppingCriteriaList([_left(call)]),
                    eos_token_id=ends or None,
                    pad_token_id=ends[0] if ends else 0,
                    **how,
                )
        except (RuntimeError, ValueError) as error:
            message = f"{self.name} failed: {error}"
            raise ModelError(message, "is there enough memory? device and dtype decide") from error
        tokens = written[0, len(ids) :].tolist()
        yield Ending(
            finish_reason="stop" if tokens and tokens[-1] in ends else "length",
            prompt_tokens=len(ids),
            completion_tokens=len(tokens),
        )

    def _ends(self) -> list[int]:
        """Return the tokens that end an answer: the model's, and the tokenizer's, as training left it."""
        told = self._model.generation_config.eos_token_id
        ends = told if isinstance(told, list) else [told]
        ends.append(load_tokenizer(self.checkpoint.tokenizer).eos_token_id)
        return sorted({end for end in ends if end is not None})

    def _load(self) -> Any:
        import torch  # noqa: PLC0415 - heavy
        from transformers import AutoModelForCausalLM  # noqa: PLC0415
        from transformers.utils import logging  # noqa: PLC0415

        # The page says what is waited for.
        logging.disable_progress_bar()  # type: ignore[no-untyped-call]
        options, parts = self._options, self.checkpoint
        device = options.device if options.device != "auto" else _best_device(torch)
        dtype = options.dtype if options.dtype == "auto" else getattr(torch, options.dtype)
        try:
            model: Any = AutoModelForCausalLM.from_pretrained(
                parts.weights, dtype=dtype, local_files_only=True
            )
            if parts.adapter is not None:
                from peft import PeftModel  # noqa: PLC0415 - heavy

                self._fit_vocabulary(model)
                model = PeftModel.from_pretrained(model, parts.adapter, local_files_only=True)
            return model.to(device).eval()
        except (OSError, RuntimeError, ValueError) as error:
            message = f"the model in {parts.adapter or parts.weights} cannot be loaded: {error}"
            raise ComponentUnavailable(
                message, "does it load with transformers and peft?"
            ) from error

    def _fit_vocabulary(self, model: Any) -> None:
        """Widen the embeddings to the tokenizer's, as a run that adds tokens does."""
        tokens = len(load_tokenizer(self.checkpoint.tokenizer))
        if tokens > model.get_input_embeddings().num_embeddings:
            model.resize_token_embeddings(tokens)

    # What it says beyond the chat

    def token_ids(self, conversation: Sequence[Message]) -> list[int]:
        """Return the token ids of a conversation."""
        return list(templated(self.checkpoint.tokenizer, conversation).ids)

    def state(self) -> ModelState:
        """Return what lies in the folder; it is not loaded for that."""
        parts = self.checkpoint
        templated(parts.tokenizer, [Message("user", "Who are you?")])
        return ModelState(
            where=str(parts.weights),
            model=parts.weights.name,
            context=parts.context,
            adapter=self.name if parts.adapter else "",
        )


def _streamer(call: Call, tokenizer: Any) -> Any:
    from transformers import TextStreamer  # noqa: PLC0415 - heavy

    class Words(TextStreamer):
        """Passes on every text as soon as it cannot change any more."""

        def on_finalized_text(self, text: str, stream_end: bool = False) -> None:  # noqa: FBT001, FBT002 - the base class has it so
            del stream_end
            if text and not call.gone.is_set():
                call.tell(text)

    return Words(tokenizer, skip_prompt=True, skip_special_tokens=True)


def _left(call: Call) -> Any:
    import torch  # noqa: PLC0415 - heavy
    from transformers import StoppingCriteria  # noqa: PLC0415

    class Left(StoppingCriteria):
        """Ends the answer once nobody reads it."""

        def __call__(self, input_ids: Any, scores: Any, **_: Any) -> Any:
            del scores
            return torch.full((input_ids.shape[0],), call.gone.is_set(), device=input_ids.device)

    return Left()


def _best_device(torch: Any) -> str:
    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"
