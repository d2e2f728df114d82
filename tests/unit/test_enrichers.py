"""What the product's enrichers find in a text."""

from pathlib import Path
from typing import Any

import pytest

from twin.basics.enrichers import COMPONENTS
from twin.components import BuildContext
from twin.documents import Document, Enrichment, Kind

BY_NAME = {component.name: component for component in COMPONENTS}


def enrich(name: str, text: str, options: dict[str, Any] | None = None, **fields: Any) -> Any:
    component = BY_NAME[name]
    context = BuildContext(cache=Path(), data=Path())
    built = component.build(component.options.model_validate(options or {}), context)
    fields = {"source": "blog:1", **fields}
    return built(Document(text=text, **fields))


def topics(text: str, **fields: Any) -> tuple[str, ...]:
    found: Enrichment = enrich("topics", text, **fields)
    return found.topics


def entities(text: str, **fields: Any) -> set[str]:
    found: Enrichment = enrich("entities", text, **fields)
    return set(found.entities)


# Languages

SHORT = {
    "en": "We moved the whole thing off the cluster on a Friday, and nobody noticed.",
    "de": "Heute wieder zwei Stunden an der Verkabelung gesessen, und am Ende war es der Stecker.",
    "fr": "Encore une journée perdue à chercher une virgule dans un fichier de configuration.",
    "es": "Hoy por fin funciona todo, aunque no sé muy bien qué he cambiado.",
    "nl": "Vandaag eindelijk de fiets gerepareerd, het was gewoon een kapotte kabel.",
}


@pytest.mark.parametrize("language", SHORT)
def test_a_post_of_one_sentence_has_its_language(language: str) -> None:
    found = enrich("language", SHORT[language], kind=Kind.POST)
    assert found == Enrichment(language=language)


def test_what_the_source_states_wins() -> None:
    assert enrich("language", SHORT["en"], language="de-AT").language == "de"


@pytest.mark.parametrize(
    "text", ["", "ok", "🫖🫖🫖", "https://example.org/ein/deutscher/pfad", "42"]
)
def test_what_is_too_short_has_none(text: str) -> None:
    assert enrich("language", text).language == ""


def test_code_in_a_text_and_accounts_do_not_decide() -> None:
    text = f"{SHORT['de']}\n\n```python\nfor the_word in every_english_word:\n    return it\n```\n"
    assert enrich("language", text).language == "de"
    assert enrich("language", f"@thebigenglishname #whatever {SHORT['de']}").language == "de"
    assert enrich("language", "def this_is_it(): return None", kind=Kind.CODE).language == ""


def test_fewer_languages_can_be_set() -> None:
    options = {"languages": ["de", "en"], "least": 0.0}
    assert enrich("language", SHORT["nl"], options).language in {"de", "en"}


# Topics


def test_the_persons_own_tags_come_first_and_alone() -> None:
    text = "# Brewing\n\nWater, water, water. Leaves, leaves. #Assam"
    assert topics(text, tags=("Tea", "  slow   food ")) == ("tea", "slow food", "assam")


def test_a_file_is_filed_under_its_folders() -> None:
    found = topics("Nothing else.", source="file:til/databases/sqlite/pragmas.md")
    assert found == ("sqlite", "databases")
    # How it is kept is nothing that it is about.
    plain = topics("Rust and rust. Rust again.", source="file:blog/content/posts/2021/rust.md")
    assert plain == ("rust",)
    off = enrich("topics", "Milk, milk.", {"folders": False}, source="file:til/tea/milk.md")
    assert off.topics == ("milk",)


def test_what_nobody_filed_has_the_words_it_turns_on() -> None:
    text = (
        "The tide table is wrong. A tide table is a promise of the moon, and the harbour keeps it. "
        "Whoever sails by a tide table should look at the harbour first."
    )
    found = topics(text, title="Against the tide table")
    assert found[0] == "tide table"
    assert "harbour" in found
    assert not {"tide", "table", "whoever", "first", "against"} & set(found)


def test_the_number_of_keywords_can_be_set() -> None:
    assert enrich("topics", "Milk, milk. Tea, tea. Ice, ice.", {"keywords": 2}).topics == (
        "ice",
        "milk",
    )
    assert enrich("topics", "Milk, milk.", {"keywords": 0}).topics == ()


def test_code_and_messages_are_not_guessed_at() -> None:
    assert topics("import tea\nimport tea\n", kind=Kind.CODE) == ()
    assert topics("tea tea tea tea", kind=Kind.MESSAGE) == ()
    assert topics("tea tea", kind=Kind.MESSAGE, tags=("kitchen",)) == ("kitchen",)


def test_an_anchor_or_a_number_is_no_hashtag() -> None:
    assert topics("See #42, issue#tea and [it](https://e.org/a#milk).", kind=Kind.POST) == ()


# Entities


def test_names_are_found_where_no_rule_asks_for_a_capital() -> None:
    text = (
        "When Odile Prévost came to Iffley, the lock was shut. Nobody asked Prévost why. "
        "The keeper of the weir at Iffley went home to write about NixOS and C++."
    )
    assert entities(text) == {"Odile Prévost", "Iffley", "NixOS", "C++"}


def test_the_first_word_of_a_sentence_is_no_name_by_itself() -> None:
    assert (
        entities("Kettles boil. Nobody knows why. Water does.\n\n- Milk first\n- Tea next") == set()
    )


def test_code_and_addresses_name_nobody() -> None:
    assert (
        entities("Run `Foo Bar` at https://Example.org/Baz.\n\n```\nclass Qux Quux\n```\n") == set()
    )
    assert entities("class Heron(Bird): ...", kind=Kind.CODE) == set()


def test_a_link_is_named_by_its_words() -> None:
    assert "Stewart Brand" in entities("[Stewart Brand](https://sb.longnow.org) wrote it.")


def test_german_nouns_are_no_names() -> None:
    text = (
        "Am Abend stand der Reiher am Wehr und wartete auf die Fische, bis Odile Prévost mit dem "
        "Fahrrad über die Brücke kam und ihm einen Apfel zuwarf. Der Reiher sah den Apfel an und "
        "flog mit langen Schlägen davon, dorthin wo das Wasser tiefer ist und kein Mensch am Ufer "
        "steht. Am Morgen war der Apfel fort, und im Wehr lag ein Stück Rinde."
    )
    assert entities(text) == {"Odile Prévost"}


def test_the_most_frequent_come_first_and_few_are_kept() -> None:
    text = "We met Ada and Bob. We like Bob. We asked Bob and Cleo, then Ada."
    assert enrich("entities", text, {"most": 2}).entities == ("Bob", "Ada")


def test_a_heading_written_large_names_nobody() -> None:
    assert entities("# How To Boil The Perfect Kettle\n\nIt was read in Iffley.\n") == {"Iffley"}
