"""Presidio's recognisers as a guard: what has a form is found, without a model or a download."""

from pathlib import Path

import pytest

pytest.importorskip("presidio_analyzer", reason="twin-presidio is not installed")

import twin
from twin.components import BuildContext
from twin.errors import ComponentUnavailable, ConfigurationError
from twin.guard.personal import Masking
from twin_presidio import PresidioOptions, build, twin_guards

TEXT = (
    "Write to ada@example.com or call +44 20 7946 0958. The card is 4111 1111 1111 1111, the "
    "account DE89370400440532013000, my SSN is 856-45-6789."
)


@pytest.fixture
def context(tmp_path: Path) -> BuildContext:
    return BuildContext(cache=tmp_path, data=tmp_path)


def masked(context: BuildContext, text: str, **options: object) -> str:
    wanted = PresidioOptions.model_validate(options)
    return Masking(lambda: [build(wanted, context)])(text)


def test_what_has_a_form_is_masked(context: BuildContext) -> None:
    said = masked(context, TEXT)
    assert "Write to [email-address] or call [phone-number]." in said
    assert "The card is [credit-card], the account [iban-code]" in said
    assert "SSN is [us-ssn]" in said
    assert "ada@" not in said


def test_nothing_is_asked_of_the_network(
    context: BuildContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*address: object) -> None:
        pytest.fail(f"it connects to {address}")

    monkeypatch.setattr("socket.getaddrinfo", refuse)
    monkeypatch.setattr("socket.socket.connect", refuse)
    assert masked(context, "Mail ada@example.co.uk.") == "Mail [email-address]."


def test_only_what_is_wanted(context: BuildContext) -> None:
    said = masked(context, TEXT, entities=["EMAIL_ADDRESS"])
    assert said == TEXT.replace("ada@example.com", "[email-address]")


def test_text_without_personal_data_stays(context: BuildContext) -> None:
    text = "We ran nine services on three nodes in 2019. It took 5 h 20 and cost £1,310.\n\n— Ünal"
    assert masked(context, text) == text


def test_what_nothing_recognises_is_an_error(context: BuildContext) -> None:
    with pytest.raises(ConfigurationError, match="SHOE_SIZE"):
        build(PresidioOptions(entities=("SHOE_SIZE",)), context)


def test_a_model_that_is_not_there_is_not_downloaded(context: BuildContext) -> None:
    with pytest.raises(ComponentUnavailable, match="en_core_web_lg"):
        build(PresidioOptions(model="en_core_web_lg"), context)


def test_the_component() -> None:
    [component] = twin_guards()
    assert isinstance(component, twin.GuardComponent)
    assert (component.name, component.hook) == ("presidio", "twin_guards")
