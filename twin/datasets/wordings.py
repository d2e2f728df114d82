"""Words that no row may have: refusals, secrets, what names a person to strangers, and boilerplate.

In: a text. Out: what of this kind was found in it, by name. The patterns are narrow: a finding is meant
to be right rather than every one to be found; a plugin (Presidio) finds more.
"""

import re
from collections.abc import Iterator
from typing import Final

REFUSALS: Final = re.compile(
    r"\bas an? (?:ai|artificial intelligence)(?: language)?(?: model| assistant)?\b"
    r"|\bi(?:'|’)?(?:m| am) (?:sorry|afraid),? (?:but )?(?:i|as an)\b"
    r"|\bi (?:cannot|can(?:'|’)t|am unable to|(?:'|’)m unable to) "
    r"(?:assist|comply|fulfil|help (?:you )?with (?:that|this))\b"
    r"|\bmy (?:knowledge cutoff|training data)\b|\bi do not have personal (?:opinions|experiences)\b",
    re.IGNORECASE,
)
"""What a model says of itself."""

MARKERS: Final = re.compile(
    r"<\|(?:im_start|im_end|begin_of_text|end_of_text|eot_id|start_header_id|end_header_id|system|user"
    r"|assistant|endoftext)\|>|\[/?INST\]|<</?SYS>>|<(?:start|end)_of_turn>|</?s>"
)
"""Marks of chat templates, which a tokenizer would take for their tokens."""

BOILERPLATE: Final = re.compile(
    r"\b(?:subscribe to (?:my|our|the) newsletter|all rights reserved|click here to|cookie policy"
    r"|this page requires javascript|share this post|leave a comment below)\b",
    re.IGNORECASE,
)

SECRETS: Final = (
    ("a private key", re.compile(r"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----")),
    ("a key of AWS", re.compile(r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b")),
    ("a token of GitHub", re.compile(r"\bgh[pousr]_[A-Za-z0-9]{36,}\b|\bgithub_pat_\w{50,}\b")),
    ("a key of OpenAI", re.compile(r"\bsk-(?:proj-|ant-)?[A-Za-z0-9_-]{24,}\b")),
    ("a token of Hugging Face", re.compile(r"\bhf_[A-Za-z0-9]{30,}\b")),
    ("a token of Slack", re.compile(r"\bxox[abprs]-[A-Za-z0-9-]{10,}\b")),
    ("a key of Google", re.compile(r"\bAIza[0-9A-Za-z_-]{35}\b")),
    ("a key of Stripe", re.compile(r"\b[sr]k_live_[0-9A-Za-z]{16,}\b")),
    ("a signed token", re.compile(r"\beyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{10,}")),
    ("a password in an address", re.compile(r"\b[a-z][a-z0-9+.-]*://[^\s/:@]+:[^\s/@]{3,}@")),
    (
        "a password",
        re.compile(
            r"\b(?:password|passwd|api[_-]?key|secret[_-]?key|access[_-]?token)\s*[:=]\s*"
            r"['\"][^'\"\s]{8,}['\"]",
            re.IGNORECASE,
        ),
    ),
)
"""Shapes of keys and passwords, as their issuers document them."""

_MAIL: Final = re.compile(
    r"\b[\w.+-]+@(?!(?:[\w-]+\.)*example\.)[\w-]+(?:\.[\w-]+)*\.[a-z]{2,}\b", re.IGNORECASE
)
_GIT: Final = re.compile(r"\bgit@|@users\.noreply\.")
_PHONE: Final = re.compile(
    r"(?<![\w.+/-])\+\d{1,3}[ .-]?\(?\d{1,4}\)?(?:[ .-]?\d{2,4}){2,4}(?![\w-])"
)
_CARD: Final = re.compile(
    r"(?<![\w.-])(?:4\d{3}|5[1-5]\d{2}|2[2-7]\d{2}|6011|65\d{2}|35\d{2})(?:([ -]?)\d{4})(?:\1\d{4}){2}(?![\w.-])"
    r"|(?<![\w.-])3[47]\d{2}([ -]?)\d{6}\2\d{5}(?![\w.-])"
)
"""Numbers of the issuers that are met: Visa, Mastercard, Discover, JCB, American Express."""

_IBAN: Final = re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){3,7}(?: ?[A-Z0-9]{1,3})?\b")
_SSN: Final = re.compile(r"(?<![\w-])(?!000|666|9)\d{3}-(?!00)\d{2}-(?!0000)\d{4}(?![\w-])")
_IBAN_LETTERS: Final = 10
_LUHN_CARRY: Final = 9


def secrets(text: str) -> Iterator[str]:
    """Yield the name of every kind of key or password in a text."""
    for name, pattern in SECRETS:
        if pattern.search(text):
            yield name


def personal(text: str) -> Iterator[str]:
    """Yield every kind of personal data in a text: mail, telephone, card, IBAN, US social security.

    A card's number must pass Luhn's check and an IBAN its own (ISO 13616), so that a number that only
    looks like one is none.
    """
    if "@" in text and any(not _GIT.search(found[0]) for found in _MAIL.finditer(text)):
        yield "a mail address"
    if "+" in text and _PHONE.search(text):
        yield "a telephone number"
    if any(_luhn(found[0]) for found in _CARD.finditer(text)):
        yield "a card number"
    if any(_iban(found[0]) for found in _IBAN.finditer(text)):
        yield "a bank account"
    if _SSN.search(text):
        yield "a social security number"


def _luhn(text: str) -> bool:
    digits = [int(c) for c in text if c.isdigit()]
    if len(set(digits)) == 1:
        return False
    doubled = [d * 2 - 9 * (d * 2 > _LUHN_CARRY) for d in digits[-2::-2]]
    return (sum(doubled) + sum(digits[-1::-2])) % 10 == 0


def _iban(text: str) -> bool:
    bare = text.replace(" ", "")
    turned = bare[4:] + bare[:4]
    numbers = "".join(str(ord(c) - ord("A") + _IBAN_LETTERS) if c.isalpha() else c for c in turned)
    return int(numbers) % 97 == 1
