"""What programs put below an answer: the mail that it answers.

In: the text of one message. Out: the part of it that was written for it. Where programs set no mark of
quotation, the head that they repeat tells where another's words begin.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

_WROTE: Final = re.compile(
    r"(?:on|am|le|el|il|op|den)\b.{5,200}?(?:wrote|schrieb.{0,80}|a écrit|escribió|ha scritto|schreef|skrev)\s*:\s*\Z",
    re.IGNORECASE | re.DOTALL,
)
_STATED: Final = re.compile(r"[^\n].{0,300}<[^<>@\s]+@[^<>\s]+>.{0,40}[:\uff1a]\s*\Z", re.DOTALL)
_TIME: Final = re.compile(r"(?<!\d)\d{1,2}[:.h]\d\d(?!\d)")
_WHOSE: Final = re.compile(r"@|\b\d{4}\b")
_MYSELF: Final = re.compile(r"\b(?:I wrote|schrieb ich)\b", re.IGNORECASE)
_ORIGINAL: Final = re.compile(
    r"^(?:-{3,}\s*(?:Original Message|Ursprüngliche Nachricht|Forwarded message)\s*-{3,}"
    r"|_{10,}\s*\nFrom:|From: .+\n(?:Sent|Date): |_{40,}\s*\n.{1,80} mailing list\s*$)",
    re.IGNORECASE | re.MULTILINE,
)
_SIGNATURE: Final = re.compile(r"^-- ?\r?$", re.MULTILINE)
_FIELD: Final = re.compile(
    r"[*_ \t]*(?P<name>[^\W\d_][\w -]{0,12}?)[*_]*[ \xa0]?[:\uff1a][*_ \t]*(?:\S|$)"
)
# English, German, French, Spanish, Italian, Portuguese, Dutch, Swedish, Danish and Norwegian,
# Finnish, Polish, Czech, Russian, Ukrainian, Turkish, Japanese, Chinese, Korean.
_SENDERS: Final = frozenset(
    {"from", "von", "de", "da", "van", "från", "fra", "lähettäjä", "od", "от"}
    | {"від", "kimden", "gönderen", "差出人", "发件人", "寄件者", "보낸 사람"}
)
_TIMES: Final = frozenset(
    {"sent", "date", "gesendet", "datum", "envoyé", "enviado", "fecha", "data"}
    | {"inviato", "verzonden", "skickat", "sendt", "dato", "lähetetty"}
    | {"päivämäärä", "wysłano", "odesláno", "отправлено", "дата", "надіслано"}
    | {"gönderildi", "tarih", "送信日時", "日付", "发送时间", "日期", "寄件日期", "날짜"}
    | {"enviado el", "enviada em", "보낸 날짜"}
)
_OTHERS: Final = frozenset(
    {"to", "an", "à", "para", "a", "aan", "till", "til", "cc", "reply-to"}
    | {"subject", "betreff", "objet", "asunto", "assunto", "oggetto", "onderwerp"}
    | {"ämne", "emne", "vastaanottaja", "kopio", "aihe", "do", "dw", "temat"}
    | {"komu", "předmět", "кому", "копия", "тема", "kime", "konu", "宛先", "件名"}
    | {"收件人", "抄送", "主题", "收件者", "主旨", "제목", "받는 사람"}
)
_LEAD: Final = re.compile(
    r"[-*_ ]{3,}|-{3,}[^\n-]{1,60}-{3,}|(?:-+\s*)?(?:Begin forwarded message|Anfang der weitergeleiteten (?:Nachricht|E-Mail)"
    r"|Début du message (?:réexpédié|transféré)|Inicio del mensaje reenviado"
    r"|Inizio messaggio inoltrato|Begin doorgestuurd bericht)\s*:?",
    re.IGNORECASE,
)
_ABOVE: Final = 3
"""Lines above a history that may say who wrote it."""


def own_words(text: str) -> str:
    """Return what was written for this message: no signature, and no history below it."""
    text = text.replace("\r\n", "\n")
    for sign in (_SIGNATURE, _ORIGINAL):
        if found := sign.search(text):
            text = text[: found.start()]
    lines = text.rstrip().split("\n")
    begins = next((at for at in range(len(lines)) if _is_history(lines, at)), len(lines))
    if begins < len(lines):
        del lines[begins:]
        while lines and (not lines[-1].strip() or _LEAD.fullmatch(lines[-1].strip())):
            lines.pop()
    end = len(lines)
    while end and (lines[end - 1].startswith(">") or not lines[end - 1].strip()):
        end -= 1
    if end < len(lines):
        for count in range(1, _ABOVE + 1):
            above = "\n".join(lines[max(0, end - count) : end])
            if _WROTE.match(above.strip()) or _STATED.fullmatch(above.strip()):
                return "\n".join(lines[: max(0, end - count)]).strip()
    return "\n".join(lines).strip()


def _is_history(lines: Sequence[str], at: int) -> bool:
    """Return whether another's message begins at a line, without marks of quotation."""
    return _is_head(lines, at) or _is_remark(lines, at)


def _is_head(lines: Sequence[str], at: int) -> bool:
    """Return whether the head of a mail is repeated: its sender, its time, and one line more."""
    if _name(lines[at]) not in _SENDERS:
        return False
    names: set[str] = set()
    for line in lines[at + 1 :]:
        if not line.strip():
            continue
        name = _name(line)
        if name not in _TIMES | _OTHERS:
            break
        names.add(name)
    return bool(names & _TIMES and names & _OTHERS)


def _name(line: str) -> str:
    match = _FIELD.match(line)
    return match["name"].casefold() if match else ""


def _is_remark(lines: Sequence[str], at: int) -> bool:
    """Return whether a remark says who wrote what follows it, and that bears no mark."""
    for count in range(1, _ABOVE + 1):
        remark = "\n".join(lines[at : at + count]).strip()
        if _WROTE.match(remark) or (_TIME.search(lines[at]) and _STATED.fullmatch(remark)):
            rest = (line for line in lines[at + count :] if line.strip())
            stated = _TIME.search(remark) and _WHOSE.search(remark) and not _MYSELF.search(remark)
            # Between lines that are marked, whoever answers writes their own.
            return bool(stated) and not next(rest, ">").startswith(">")
    return False
