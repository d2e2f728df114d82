"""What WhatsApp writes in a person's place, in the languages that it speaks.

In: the text of one message. Out: the person's own words in it. That a picture was left out, a message
deleted or edited, or a call missed, stands in an export as if the person had said so.
"""

from __future__ import annotations

import re
from typing import Final

_LEFT_OUT: Final = (
    r"(?:omitted|weggelassen|ausgeschlossen|omitid[oa]s?|omess[oaie]|omise?s?|absente?s?|ocult[oa]s?"
    r"|ocultad[oa]s?|weggelaten|pominięt[oye]|опущен[оаы]?|utelämna[dt]e?s?|utelatt|udeladt)"
)
_WHOLE: Final = re.compile(
    rf"\u200e.*|null|<(?:media|medien|médias?)[^>]*>|<[^<>]*\b{_LEFT_OUT}\.?>|<без медиа[^<>]*>"
    r"|<attached: [^>]*>|[^\n]*\((?:file attached|datei angehängt|archivo adjunto|fichier joint"
    r"|file allegato|arquivo anexado|ficheiro anexado|bestand bijgevoegd|файл добавлен)\)"
    r"|(?:this message was|you) deleted(?: this message)?\.?"
    r"|du hast diese nachricht gelöscht\.?|diese nachricht wurde gelöscht\.?"
    r"|eliminaste este mensaje\.?|(?:se eliminó este mensaje|este mensaje fue eliminado)\.?"
    r"|vous avez supprimé ce message\.?|ce message a été supprimé\.?"
    r"|hai eliminato questo messaggio\.?|questo messaggio è stato eliminato\.?"
    r"|(?:você )?(?:apagou|eliminou) esta mensagem\.?|mensagem apagada\.?"
    r"|esta mensagem foi (?:apagada|eliminada)\.?"
    r"|(?:u|je) hebt dit bericht verwijderd\.?|dit bericht (?:werd|is) verwijderd\.?"
    r"|usunięto tę wiadomość\.?|ta wiadomość została usunięta\.?"
    r"|вы удалили (?:данное|это) сообщение\.?|(?:данное|это) сообщение удалено\.?"
    r"|missed (?:group )?(?:voice|video) call|verpasster (?:sprach|video)anruf"
    r"|(?:video)?llamada (?:de voz )?perdida|appel (?:vocal|vidéo) manqué|(?:video)?chiamata (?:vocale )?persa"
    r"|chamada de (?:voz|vídeo) perdida|gemiste (?:spraak|video)oproep",
    re.IGNORECASE,
)
_EDITED: Final = re.compile(
    r"\s*\u200e?<[^<>\n]*\b(?:edited|bearbeitet|editó|editad[oa]|modifi(?:é|cato)|bewerkt|edytowana"
    r"|изменено)\b[^<>\n]{0,20}>\s*\Z",
    re.IGNORECASE,
)
_BESIDE: Final = re.compile(
    # A caption stands before the remark; of a document its name and pages do.
    rf"(?:^[^\n]*•\s*)?\s*\u200e(?:<[^<>\n]*: [^<>\n]*>|[^\n\u200e]{{1,30}}\b{_LEFT_OUT}\.?)[ \t]*$"
    r"|^[^\n]*• \u200e[^\n]*$",
    re.IGNORECASE | re.MULTILINE,
)


def own_text(text: str) -> str:
    """Return what of a message the person wrote, empty if nothing."""
    text = _EDITED.sub("", text)
    first, _, caption = text.partition("\n")
    if _WHOLE.fullmatch(first.strip()):
        text = caption
    return _BESIDE.sub("", text).replace("\u200e", "").strip("\n ")
