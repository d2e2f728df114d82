"""Curators and gates: each finds what it is for, names it, and changes nothing."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from twin.basics.curators import COMPONENTS
from twin.components import BuildContext
from twin.datasets.corrections import LeftOut, corrections, own_acts
from twin.datasets.curation import curate
from twin.datasets.gates import GATES, Facts, breaches
from twin.datasets.likeness import near_duplicates
from twin.documents import Audience, Span
from twin.errors import PluginError
from twin.samples import Curation, Reference, Removal, Sample, Split
from twin.serving.access import LOCAL_USER
from twin.warehouse.feedback import Feedback, FeedbackKind

CTX = BuildContext(cache=Path(), data=Path())
TEXT = (
    "We moved the bookings to two kinds of time, and it took the whole of November, because "
    "nobody could say which of the columns had been read by the allocator. "
)


GERMAN = (
    "Der Hafen war leer und die Boote lagen an der Mole, als ob niemand sie brauchte, und so war es "
    "auch, denn es regnete seit Tagen und keiner ging hinaus."
)


def sample(number: int, target: str = "", **fields: Any) -> Sample:
    target = (
        target
        or f"{TEXT}It was berth {number} that told us, on the {number}th evening, by the lamp."
    )
    values: dict[str, Any] = {
        "id": f"{number:04}",
        "split": Split.TRAIN,
        "form": "instruction",
        "prompt": (("system", "Be Ines."), ("user", f"What happened at berth {number}?")),
        "target": target,
        "document_id": f"doc{number}",
        "version": 1,
        "start": 0,
        "end": len(target),
    }
    return Sample(**{**values, **fields})


def removed(
    name: str, samples: Sequence[Sample], curation: Curation | None = None, **options: Any
) -> dict[str, str]:
    component = next(one for one in COMPONENTS if one.name == name)
    curator = component.build(component.options(**options), CTX)
    return {one.sample_id: one.reason for one in curator(samples, curation or Curation())}


@pytest.mark.parametrize(
    ("target", "reason"),
    [
        ("Too short.", "too short"),
        ("As an AI language model, I cannot have an opinion on berths, and neither have I been there.", "refusal"),
        (f"{TEXT}<|im_end|>", "chat template"),
        (f"{TEXT}\ufffd", "broken"),
        (f"Look:\n\n```python\n{'x = 1' * 50}\n```", "mostly code"),
        (GERMAN, "another language"),
        (f"{TEXT}Subscribe to my newsletter for more.", "boilerplate"),
        ("| 1 | 22 | 333 |\n" * 30, "mostly a table"),
        ("1, 22, 333, 4444\n" * 30, "hardly prose"),
        ("* [The tide](https://tide.example/1) - 2022-02-01\n" * 9, "list of links"),
        ("Look at it:\n\n" + "    x = 1 + 1\n" * 20, "mostly code"),
    ],
)  # fmt: skip
def test_the_rules_leave_out_what_is_no_writing(target: str, reason: str) -> None:
    found = removed("rules", [sample(1, target), sample(2)])
    assert list(found) == ["0001"]
    assert reason in found["0001"]


def test_the_rules_leave_out_a_pair_that_differs_by_a_comma() -> None:
    target = "We left, because the tide turned. " + " ".join(f"word{n} is here" for n in range(30))
    near, far = target.replace("left,", "left"), target.replace("is here", "was there")
    rows = [
        sample(n, target, rejected=text, rejected_by="model") for n, text in ((1, near), (2, far))
    ]
    # What a person corrected by a comma is what they want.
    rows.append(sample(3, target, rejected=near, rejected_by="feedback:edit", verbatim=False))
    assert removed("rules", rows) == {rows[0].id: "chosen and rejected are nearly the same"}


def test_the_rules_take_what_people_write() -> None:
    for text in (
        "I can't help thinking that the tide knows.",
        "It doesn't. [See](https://x.example/a_b), `x=1`.",
    ):
        assert removed("rules", [sample(1, text)]) == {}


@pytest.mark.parametrize(
    ("name", "found", "words"),
    [
        ("keys", "AKIAIOSFODNN7EXAMPLE", "key of AWS"),
        ("keys", "-----BEGIN RSA PRIVATE KEY-----", "private key"),
        ("keys", "postgres://ines:hunter22@db/x", "password in an address"),
        ("keys", 'api_key = "0123456789abcdef"', "password"),
        ("personal-data", "write to tarrant@sallowquay.org", "mail address"),
        ("personal-data", "ring +44 20 7946 0958 tonight", "telephone"),
        ("personal-data", "paid with 4111 1111 1111 1111", "card number"),
        ("personal-data", "to GB82 WEST 1234 5698 7654 32", "bank account"),
    ],
)
def test_secrets_and_personal_data_are_found_in_all_that_a_row_holds(
    name: str, found: str, words: str
) -> None:
    in_target = sample(1, TEXT + found)
    in_prompt = sample(2, prompt=(("user", f"What of {found}?"),))
    in_rejected = sample(4, rejected=f"{TEXT} {found}")
    reasons = removed(name, [in_target, in_prompt, sample(3), in_rejected])
    assert set(reasons) == {"0001", "0002", "0004"}
    assert all(words in reason for reason in reasons.values())


def test_numbers_and_addresses_of_examples_are_no_personal_data() -> None:
    texts = [
        "4111 1111 1111 1112",
        "git@github.com:x/y",
        "a@example.com",
        "1700000000000000",
        "2024-01-01",
    ]
    assert removed("personal-data", [sample(n, TEXT + text) for n, text in enumerate(texts)]) == {}


def test_of_two_alike_the_training_row_goes() -> None:
    same = sample(1).target
    rows = [sample(1), sample(2, f"  {same.upper()}", split=Split.TEST), sample(3), sample(4)]
    rows[3] = replace(rows[3], prompt=rows[2].prompt)
    assert removed("exact-duplicates", rows) == {
        "0001": "the target is that of another",
        "0004": "the instruction is that of another",
    }


def test_near_duplicates_are_found_and_what_only_looks_alike_is_not() -> None:
    long = (
        TEXT * 1
        + "The lamp was out, so I held the ledger to the window and read it from there, twice over."
    )
    texts = [
        long,
        long.replace("twice over", "two times over"),
        TEXT[:60] + "quite another end",
        "",
        "Mine.",
    ]
    [(one, other, likeness)] = near_duplicates(texts, 0.7)
    assert (one, other) == (1, 0)
    assert 0.7 <= likeness < 1
    rows = [sample(1, texts[0]), sample(2, texts[1], split=Split.TEST)]
    assert list(removed("near-duplicates", rows)) == ["0001"]


def test_decontamination_keeps_tests_goldens_and_benchmarks_out_of_training() -> None:
    shared = (
        "the lamp over the third bollard had been out since the Tuesday before the storm came in"
    )
    rows = [
        sample(1, f"{TEXT}And {shared}."),
        sample(
            2, f"Then, as I said, {shared}; and nobody had told anyone about it.", split=Split.TEST
        ),
        sample(3),
        sample(4),
        sample(5),
    ]
    curation = Curation(
        references=(
            Reference("golden.jsonl", "What happened at  BERTH 3?"),
            Reference("bench.json", f"Q: {rows[3].target[-80:]} A: yes"),
        )
    )
    found = removed("decontamination", rows, curation)
    assert found["0001"] == "it is in the test split"
    assert found["0003"] == "it is in golden.jsonl"
    assert "0002" not in found
    # A row that several hold is counted for the same one in every process: the first by name.
    several = tuple(
        Reference(f"{n}.txt", " ".join(rows[4].target.split()[n : n + 14])) for n in range(9)
    )
    assert (
        removed("decontamination", rows, Curation(references=several[::-1]))["0005"]
        == "it is in 0.txt"
    )


def test_coverage_limits_documents_and_topics() -> None:
    rows = [sample(n, document_id="one", topic="berths") for n in range(120)]
    rows += [sample(n, topic="tides") for n in range(200, 240)]
    found = removed("coverage", rows, per_document=100, per_topic=0.5)
    assert sorted(found.values()).count("its document has many rows") == 20
    assert sorted(found.values()).count("its topic has many rows") == 60


@pytest.mark.parametrize("longer", [0, 3, 50, 97, 100])
def test_length_balance_ends_within_the_gate(longer: int) -> None:
    rows = [
        sample(n, rejected="x" * (10 if n < longer else 900), rejected_by="model")
        for n in range(100)
    ]
    gone = removed("length-balance", rows, most=1.0)
    left = [row for row in rows if row.id not in gone]
    share = sum(len(r.target) > len(r.rejected or "") for r in left) / max(len(left), 1)
    assert not left or longer in {0, 100} or 0.45 <= share <= 0.55


def facts(samples: Sequence[Sample], **fields: Any) -> Facts:
    values: dict[str, Any] = {
        "texts": {(s.document_id, s.version): s.target for s in samples},
        "foreign": {},
        "audience": Audience.PUBLIC,
        "rows": 1,
    }
    return Facts(**{**values, **fields})


GOOD = [
    *(sample(n) for n in range(4)),
    sample(9, split=Split.TEST, target=TEXT.replace("November", "May")[:150]),
]


def test_a_sound_set_keeps_every_gate() -> None:
    rows = [
        *GOOD[:4],
        replace(GOOD[4], target="Another thing happened, and in another place altogether."),
    ]
    assert breaches(rows, facts(rows)) == []


BAD: dict[str, tuple[list[Sample], dict[str, Any]]] = {
    "verbatim": ([replace(GOOD[0], target="Not what was written there.")], {}),
    "own": ([GOOD[0]], {"foreign": {("doc0", 1): [Span(5, 9)]}}),
    "unique": ([GOOD[0], replace(GOOD[0], id="again")], {}),
    "splits": ([GOOD[0], replace(GOOD[1], document_id="doc0", split=Split.TEST)], {}),
    "contamination": ([GOOD[0], replace(GOOD[0], id="x", document_id="y", split=Split.TEST)], {}),
    "length": ([sample(n, rejected="x") for n in range(30)], {}),
    "different": ([replace(GOOD[0], rejected=GOOD[0].target.upper())], {}),
    "audience": ([replace(GOOD[0], audience=Audience.FRIENDS)], {}),
    "format": ([replace(GOOD[0], prompt=(("user", " "),))], {}),
    "size": ([GOOD[0]], {"rows": 2}),
}


@pytest.mark.parametrize("gate", GATES)
def test_every_gate_names_what_breaks_it(gate: str) -> None:
    samples, others = BAD[gate]
    texts = {(s.document_id, s.version): s.target for s in [*GOOD, *samples] if gate != "verbatim"}
    texts |= {("doc0", 1): GOOD[0].target}
    found = [
        one for one in breaches(samples, facts(samples, texts=texts, **others)) if one.gate == gate
    ]
    assert found
    assert all(one.reason for one in found)


def test_an_edit_in_the_chat_need_not_be_verbatim_but_must_be_of_feedback() -> None:
    edit = replace(
        GOOD[0], verbatim=False, document_id="", target="As I would say it now.", feedback_id="f1"
    )
    assert [b for b in breaches([edit], facts([])) if b.gate == "verbatim"] == []
    loose = replace(edit, feedback_id="")
    assert breaches([loose], facts([]))[0].gate == "verbatim"


def test_steps_are_taken_in_order_and_counted() -> None:
    def first(samples: Sequence[Sample], curation: Curation) -> list[Removal]:
        del curation
        return [Removal(samples[0].id, "it is the first")]

    left, steps = curate(GOOD, [("one", first), ("two", first)], Curation())
    assert [s.id for s in left] == ["0002", "0003", "0009"]
    assert [(s.name, s.before, s.after, dict(s.reasons)) for s in steps] == [
        ("one", 5, 4, {"it is the first": 1}),
        ("two", 4, 3, {"it is the first": 1}),
    ]


def test_a_curator_that_fails_or_names_a_stranger_is_named(raising: Callable[..., Any]) -> None:
    with pytest.raises(PluginError, match="curator mine failed: no model"):
        curate(GOOD, [("mine", raising(ValueError("no model")))], Curation())
    with pytest.raises(PluginError, match="not there: nobody"):
        curate(GOOD, [("mine", lambda _s, _c: [Removal("nobody", "x")])], Curation())


def test_only_the_persons_own_edits_are_learned_from() -> None:
    acts = [
        Feedback(
            id=f"f{number}",
            kind=kind,
            at="2026-03-01T10:00:00+00:00",
            thread_id="t",
            message_id=f"m{number}",
            user=user,
            question="Why?",
            prompt=(("user", "Why?"),),
            prompt_version="answer@1",
            answer="Because.",
            edited="Because of that.",
            audience=Audience.PUBLIC,
        )
        for number, (user, kind) in enumerate(
            [
                ("", FeedbackKind.EDIT),
                (LOCAL_USER, FeedbackKind.CHOICE),
                ("jane", FeedbackKind.EDIT),
                ("bob", FeedbackKind.EDIT),
                ("bob", FeedbackKind.CHOICE),
                ("bob", FeedbackKind.THUMB),
            ]
        )
    ]
    left_out = LeftOut()
    assert [one.id for one in own_acts(acts, ("jane",), left_out)] == ["f0", "f1", "f2"]
    assert left_out.acts == 2
    left_out = LeftOut()
    assert [one.id for one in own_acts(acts, (), left_out)] == ["f0", "f1"]
    assert left_out.acts == 3


def test_a_correction_neither_begins_nor_ends_with_white_space() -> None:
    edit = Feedback(
        id="f",
        kind=FeedbackKind.EDIT,
        at="2026-03-01T10:00:00+00:00",
        thread_id="t",
        message_id="m",
        question="Why?",
        prompt=(("user", "Why?"),),
        prompt_version="answer@1",
        answer=" Because.\n",
        edited="Because of that.\n",
        audience=Audience.PUBLIC,
    )
    wanted: dict[str, Any] = {"audience": Audience.PRIVATE, "test": 0.1, "seed": 0}
    [row] = corrections([edit], "dpo", {}, **wanted)
    # Axolotl would find neither in what a template that strips makes of them.
    assert (row.target, row.rejected) == ("Because of that.", "Because.")
    same = replace(edit, edited="Because.")
    assert not list(corrections([same], "dpo", {}, **wanted))
