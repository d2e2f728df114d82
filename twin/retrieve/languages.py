"""Languages that a question asks for, by rules: "what did I write about NixOS in German?".

In: a question. Out: languages as ISO 639-1, to be put forward. They narrow nothing, because the
same words may be what the question is about ("how do I say that in German?").
"""

import re
from typing import Final

NAMES: Final = {
    "ar": "arabic|arabisch",
    "bg": "bulgarian|bulgarisch",
    "ca": "catalan|katalanisch",
    "cs": "czech|tschechisch",
    "da": "danish|dänisch",
    "de": "german|deutsch|allemand|alemán",
    "el": "greek|griechisch",
    "en": "english|englisch|anglais|inglés",
    "es": "spanish|spanisch|espagnol|español",
    "fi": "finnish|finnisch",
    "fr": "french|französisch|français|francés",
    "he": "hebrew|hebräisch",
    "hu": "hungarian|ungarisch",
    "it": "italian|italienisch|italiano",
    "ja": "japanese|japanisch",
    "ko": "korean|koreanisch",
    "nl": "dutch|niederländisch",
    "no": "norwegian|norwegisch",
    "pl": "polish|polnisch",
    "pt": "portuguese|portugiesisch|portugais|portugués",
    "ro": "romanian|rumänisch",
    "ru": "russian|russisch",
    "sv": "swedish|schwedisch",
    "tr": "turkish|türkisch",
    "uk": "ukrainian|ukrainisch",
    "zh": "chinese|chinesisch",
}

_WRITING: Final = r"(?:posts?|articles?|essays?|notes?|comments?|toots?|tweets?|updates?|writings?|texts?|pieces?)"
_ASKED: Final = {
    # What follows may belong to it: "in German cars", "in French cooking".
    code: re.compile(
        rf"\b(?:[Ii]n|[Aa]uf|[Ee]n) (?i:{names})\b(?! \w+(?:ing|s)\b)"
        rf"|\b(?i:my|your|his|her|their|our|the|any|\w+['’]s) (?i:{names}) {_WRITING}\b"
    )
    for code, names in NAMES.items()
}


def read_languages(question: str) -> tuple[str, ...]:
    """Return the languages that a question asks for."""
    return tuple(code for code, pattern in _ASKED.items() if pattern.search(question))
