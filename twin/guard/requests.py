"""How one asks whoever reads a text to write something: of a person rarely, of a model always.

In: nothing. Out: `REQUESTS`, patterns over plain lower-case text. An author tells readers what to do
("create a repository"); this looks for what only somebody can do who produces words, and for whom:
"can you explain", "tell me", "write a poem", "translate the following: …", "I need you to".
"""

from typing import Final

_PRODUCE: Final = (
    r"(?:tell|give|explain|describe|share|write|compose|draft|generate|create|provide|show|list|repeat|"
    r"recite|say|translate|decode|encode|summari[sz]e|paraphrase|rewrite|recommend|suggest|answer|"
    r"reveal|confirm|disclose|imagine|pretend|act)"
)
"""What one asks of whoever can only produce words."""

# What is most often wrong is looked at first: nothing begins inside a word.
# Never over line ends: a text of empty lines would take the square of their number.
_BEGINS: Final = (
    r"(?<!\S)(?:^|(?<=[.!?]\s)|(?<=[.!?]\s\s))[ \t]*(?:[-*+][ \t]+)?"
    r"(?:(?:please|kindly|then|now|next|so|and|first|also|finally|just),?[ \t]+)*"
)
_LEAD: Final = (
    r"(?:(?:in|as|like|using|with|without|for|from|given|based on|imitating|speaking|acting)\b[^.?!:;,\n]{1,60},"
    r"[ \t]*(?:please[ \t]+)?)?"
)
"""How it is to be done may stand in front of what is asked for: "In the form of a poem, …"."""
_PARTS: Final = (
    r"(?:(?:the |both |all |these |those |following )*(?:\w+ )?(?:parts?|strings?|pieces?|halves|fragments?|segments?|"
    r"texts?|words|letters|characters|variables)\b|[\"'“‘]|[a-z]\d?(?:, [a-z]\d?)*,? (?:and|with|\+|&) [a-z]\d?\b"
    r"(?! side))"
)
"""What is to be joined: parts that have a letter or a number for a name, or stand in quotation marks."""
_PIECE: Final = (
    r"(?:poems?|stor(?:y|ies)|songs?|essays?|haikus?|limericks?|jokes?|e-?mails?|letters?|speech|speeches|"
    r"summar(?:y|ies)|recipes?|paragraphs?|articles?|tweets?|dialogues?|strings?|reply|response|answer|"
    r"action items)"
)
_WAY: Final = (
    r"(?:base ?64|rot-?13|leet ?speak|hex(?:adecimal)?|morse(?: code)?|binary|pig latin|emojis?|rhymes?|"
    r"verse|reverse(?:d)?(?: order)?|\w+ words|one (?:word|sentence)|(?:all )?(?:capital|upper ?case|lower ?case)"
    r"(?: letters)?|the (?:style|voice|manner|role) of|a (?:\w+ )?(?:tone|voice|accent))"
)
_MATERIAL: Final = r"[^.?!:\n]{0,80}\b(?:this|these|the following|following|below|based on)\b[^.?!:\n]{0,60}:[ \t]*\S"
"""What is worked on stands behind a colon on the same line."""

_ORDERED: Final = (
    r"(?:tell|give|show|send|write|teach|remind) (?:me|us)\b",
    (
        rf"(?:write|compose|draft|generate|create|produce|give|make|recite|invent|provide) (?:down )?"
        rf"(?:(?:an?|the|some|your|\d+)\s+)?(?:[\w-]+\s+){{0,3}}?{_PIECE}\b"
    ),
    (
        rf"(?:write|say|spell|answer|respond|reply|speak|describe|explain|give|state|express)\b"
        rf"[^.!?\n]{{0,60}}\b(?:in|as|using|with) {_WAY}\b"
    ),
    (
        r"(?:answer|respond|reply|begin|start|end|format|split|encode|phrase|limit|reverse|translate) "
        r"(?:with |in |to )?(?:the|your|each|every|its|this) (?:\w+ )?(?:responses?|answers?|repl(?:y|ies))\b"
    ),
    (
        r"(?:recite|paraphrase|rephrase|reveal|disclose|decode|decrypt|translate|pretend|role-?play|"
        r"repeat) (?:after me|back|the (?:words?|phrase|sentence|text|message|password|secret)|the following|this|"
        r"that|everything|your|it|you|to be|[\"'“‘])"
    ),
    (
        rf"(?:summari[sz]e|translate|answer|explain|analy[sz]e|describe|create|decode|complete|rewrite|"
        rf"proofread|classify|what(?:'s| is| are| was| were| does| do))\b{_MATERIAL}"
    ),
    (
        r"(?:combine|concatenate|join|interlace|interleave|splice|weave|merge|glue|append|assemble|put together) "
        rf"(?:together )?{_PARTS}"
    ),
)
"""What is asked for at the beginning of a sentence."""

_ENGLISH: Final = (
    rf"(?<!how )\b(?:can|could|would|will) you (?:(?:please|kindly|also|just|now|then|perhaps) )*{_PRODUCE}\b",
    rf"\bplease (?:(?:also|just|now|then) )*{_PRODUCE}\b",
    r"\bi(?:'d like| would like| need| want| expect| order| command) you to\b",
    # Said once for all of them: it is looked for at every place of a text.
    f"{_BEGINS}{_LEAD}(?:{'|'.join(_ORDERED)})",
)
_ELSEWHERE: Final = (
    (
        r"\b(?:können|könnten) sie (?:mir|uns|bitte)\b|\b(?:kannst|könntest) du (?:mir|uns|bitte)\b"
        r"|\b(?:sag|sagen sie|gib|geben sie|nenn|nenne|nennen sie|zeig|zeige|zeigen sie|schreib|schreiben sie"
        r"|verrate|verraten sie) (?:mir|uns)\b"
    ),
    (
        r"\b(?:pouvez-vous|pourriez-vous|peux-tu|pourrais-tu) (?:me|m'|nous)"
        r"|\b(?:dites|donnez|montrez|écrivez|dis|donne|montre|écris)-(?:moi|nous)\b"
    ),
    (
        r"\b(?:puedes?|podrías?|podría usted|puede usted) (?:decir|dar|explicar|mostrar|escribir)\w*\b"
        r"|(?:^|(?<=[.!?]\s))(?:dime|díganos|dígame|dame|deme|explícame|muéstrame|escríbeme)\b"
    ),
    (
        r"\b(?:pode|poderia|você pode) (?:me )?(?:dizer|dar|explicar|mostrar|escrever)\b"
        r"|(?:^|(?<=[.!?]\s))(?:diga-me|me diga|dê-me|me dê|mostre-me)\b"
    ),
    (
        r"\b(?:puoi|potresti|può|potrebbe) (?:dir|dar|spiegar|mostrar|scriver)(?:e|mi)\b"
        r"|(?:^|(?<=[.!?]\s))(?:dimmi|mi dica|dammi|mi dia|spiegami|scrivimi)\b"
    ),
    (
        r"\b(?:kun je|kunt u|kan je) (?:me|mij|ons)\b|\b(?:скажи(?:те)?|расскажи(?:те)?|дай(?:те)?|"
        r"напиши(?:те)?) мне\b|\bpowiedz mi\b"
    ),
    (
        r"(?:请|請)(?:告诉|告訴|给|給|帮|幫|解释|解釋)我?|(?:告诉|告訴)我|(?:教えて|書いて|説明して|提供して)"
        r"(?:ください|下さい|もらえ)|(?:알려|말해|써|설명해) ?(?:주세요|줘|주십시오|줄래)"
    ),
)
REQUESTS: Final = (*_ENGLISH, *_ELSEWHERE)
"""Apart, since one pattern of many ways is three times slower than each of them with its own beginning."""
