"""The teacher on an OpenAI-compatible server, by langchain-openai's structured output.

In: options and a key. Out: a `Teacher`, which fills in forms.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from twin.basics.openai_server import OpenAISpeaker
from twin.basics.servers import Server
from twin.components import ModelT
from twin.errors import ModelError
from twin.models.patience import NotReady
from twin.models.speaker import ModelState

if TYPE_CHECKING:
    from langchain_openai import ChatOpenAI

_NOT_UNDERSTOOD = 422
"""What TGI says of a body that is not in its own form."""


class OpenAITeacher:
    """Fills in forms.

    Args:
        model: of LangChain.
        server: the same one, to say what is said of a failure.
        speaker: asks the server what it is.
    """

    def __init__(self, model: ChatOpenAI, server: Server, speaker: OpenAISpeaker) -> None:
        self._model = model
        self._server = server
        self._speaker = speaker
        self._tgi = False

    def structured(self, schema: type[ModelT], system: str, user: str) -> ModelT:
        """Return the model's answer as an instance of `schema`."""
        messages = [("system", system), ("human", user)]
        try:
            answer = self._answer(schema, messages)
        except Exception as error:  # noqa: BLE001 - the client and the validator raise dozens of kinds
            failed = self._server.failed(error)
            failure = failed.error if isinstance(failed, NotReady) else failed
            said = self._server.without_key(str(error))
            message = f"the teacher did not fill in the form: {said}"
            raise ModelError(message, failure.hint) from self._server.cause(error)
        if not isinstance(answer, schema):
            message = f"the teacher answered {type(answer).__name__}, not {schema.__name__}"
            raise ModelError(message, "choose a model that supports JSON schema output")
        return answer

    def state(self) -> ModelState:
        """Return what is served."""
        return self._speaker.state()

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
