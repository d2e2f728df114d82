"""How one tells a model to ignore its instructions, in other languages than English.

In: nothing. Out: `ELSEWHERE`, patterns over plain lower-case text.
"""

from typing import Final

# Verb and object of "ignore the instructions" in other languages, in either order where it is free.
_PAIRS: Final = (
    (
        r"(?:ignorier\w*|vergiss|vergessen sie|missachte\w*)",
        r"(?:anweisung\w*|instruktion\w*|vorgaben|befehle?\w*|bisherig\w+|vorherig\w+|regeln|funktion)",
    ),
    (
        r"(?:ignor(?:e|es|ez|er)|oubli(?:e|es|ez|er)|néglige[zr]?|ne tenez pas compte)",
        r"(?:instructions?|consignes|directives|précédent\w*|règles|ci-dessus|fonction)",
    ),
    (
        r"(?:ignor(?:a|e|en|ar|as)|olvid(?:a|e|en|ar)|omit(?:e|a)|haz caso omiso)",
        r"(?:instrucci\w+|indicaciones|órdenes|anterior(?:es)?|reglas|función)",
    ),
    (
        r"(?:ignor(?:e|a|em|ar)|esqueç\w+|desconsider\w+)",
        r"(?:instruç\w+|regras|ordens|comandos|anteriores|função)",
    ),
    (r"(?:ignora\w*|dimentica\w*)", r"(?:istruzion\w+|regole|direttive|precedent\w+|funzione)"),
    (r"(?:negeer|vergeet)", r"(?:instructies|regels|opdrachten|aanwijzingen|functie)"),
    (r"(?:z?ignoruj\w*|zapomnij\w*)", r"(?:instrukcj\w+|polece\w+|zasad\w*|poprzedni\w+)"),
    (r"(?:ignorera|glöm|ignorer|glem)", r"(?:instru\w+|anvisning\w*|regler\w*|tidligere)"),
    (
        r"(?:про?игнориру\w+|игнориру\w+|забудь\w*)",
        r"(?:инструкци\w+|указани\w+|правил\w*|команд\w*|предыдущ\w+|функци\w+)",
    ),
    (r"(?:yok say\w*|görmezden gel\w*|unut\w*)", r"(?:talimat\w*|yönerge\w*|kural\w*|komut\w*)"),
    (r"(?:abaikan|lupakan)", r"(?:instruksi|perintah|aturan|petunjuk|fungsi|sebelumnya)"),
    (r"(?:bỏ qua|quên)", r"(?:hướng dẫn|chỉ dẫn|lệnh)"),
    (
        r"(?:忽略|忽视|忽視|无视|無視|忘记|忘記|不要理会)",
        r"(?:指示|指令|说明|說明|规则|規則|提示|命令|要求|函数)",
    ),
    (r"(?:無視|忘れ)", r"(?:指示|命令|ルール|プロンプト|指令|説明|関数)"),
    (r"(?:무시|잊)", r"(?:지시|명령|지침|규칙|설명|프롬프트|함수)"),
    (r"(?:تجاهل|انس)", r"(?:التعليمات|الأوامر|القواعد|السابقة|الدالة)"),
    (r"(?:अनदेखा|भूल|ध्यान न)", r"(?:निर्देश\w*|नियम\w*|आदेश\w*|फ़?ंक्शन)"),
)
ELSEWHERE: Final = tuple(
    pattern
    for verb, thing in _PAIRS
    for pattern in (
        f"{verb}[^.!?\\n]{{0,50}}{thing}",
        *(() if verb.isascii() else (f"{thing}[^.!?\\n]{{0,30}}{verb}",)),
    )
)
