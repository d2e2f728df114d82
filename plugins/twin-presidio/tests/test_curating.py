"""Presidio as a step of curation: a row with personal data goes, and no row is changed."""

from pathlib import Path

import pytest

pytest.importorskip("presidio_analyzer", reason="twin-presidio is not installed")

import twin
from twin.components import BuildContext
from twin_presidio import PresidioOptions, build_curator, twin_curators


def sample(name: str, target: str, asked: str = "Why so early?") -> twin.Sample:
    return twin.Sample(
        id=name,
        split=twin.Split.TRAIN,
        form="instruction",
        prompt=(("system", "Be Ines."), ("user", asked)),
        target=target,
        document_id="a",
        version=1,
        start=0,
        end=len(target),
    )


def test_rows_with_personal_data_are_left_out(tmp_path: Path) -> None:
    samples = [
        sample("mail", "Write to ada@example.com before the tide turns."),
        sample("asked", "At four, I think.", "Is +44 20 7946 0958 your number?"),
        sample("clean", "The tide waits for nobody, and neither did we."),
    ]
    curate = build_curator(PresidioOptions(), BuildContext(cache=tmp_path, data=tmp_path))
    found = {one.sample_id: one.reason for one in curate(samples, twin.Curation())}
    assert found == {"mail": "Presidio: email-address", "asked": "Presidio: phone-number"}


def test_the_hook_yields_it() -> None:
    [component] = twin_curators()
    assert (component.name, component.hook) == ("presidio", "twin_curators")
