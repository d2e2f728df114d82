"""Languages that a question asks for."""

import pytest

from twin.retrieve.languages import read_languages


@pytest.mark.parametrize(
    ("question", "languages"),
    [
        ("What did I write about NixOS in German?", ("de",)),
        ("in German: what about NixOS?", ("de",)),
        ("Was habe ich auf Deutsch über NixOS geschrieben?", ("de",)),
        ("Qu'ai-je écrit en français sur le thé ?", ("fr",)),
        ("my Spanish posts about bread", ("es",)),
        ("Which of Ada's French essays mention tea?", ("fr",)),
        ("What did I write in English or in Dutch?", ("en", "nl")),
        ("What did I write about NixOS?", ()),
        ("What do I think of German bread?", ()),
        ("Which cars are built in Germany?", ()),
        ("How do I polish in steps?", ()),
        ("What went wrong in German banking?", ()),
        ("Did I ever learn Russian?", ()),
    ],
)
def test_a_language_is_read_where_it_is_what_something_is_written_in(
    question: str, languages: tuple[str, ...]
) -> None:
    assert read_languages(question) == languages
