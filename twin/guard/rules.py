"""The rules by which an order to a model is known, for questions and for documents.

In: nothing. Out: `RULES`, each a pattern over plain lower-case text with what it says of it to a
person, and how much it counts where. What counts 1 or more together is an attempt to instruct. The
patterns are structural (who is addressed, what is to be ignored, which marks are forged), so that
writing about such attempts is told from making one as far as patterns can.
"""

import re
from dataclasses import dataclass
from typing import Final

from twin.guard.languages import ELSEWHERE
from twin.guard.requests import REQUESTS

_OLD: Final = (
    r"(?:previous|prior|above|earlier|preceding|foregoing|initial|original|existing|former|past|"
    r"system|developer|hidden|safety|security|default|aforementioned|old|last)"
)
_FILLER: Final = (
    rf"(?:(?:all|any|every|of|the|your|my|our|these|those|that|this|such|other|and|{_OLD}|"
    r"to you|given|given to you)\s+){0,7}"
)
_ORDERS: Final = (
    r"(?:instructions?|prompts?|guidelines?|directives?|directions?|commands?|constraints?|"
    r"restrictions?|programming|training|orders?|polic(?:y|ies)|safeguards?|guardrails?|filters?|"
    r"rules?|context|messages?|conversation)"
)
_DROP: Final = (
    r"(?:ignore|disregard|forget|override|overrule|bypass|overlook|discard|neglect|erase|"
    r"(?:do not|don't|never|stop|no longer|quit) (?:follow|obey|adhere to|heed|comply with|"
    r"following|obeying)|pay no (?:attention|heed) to|(?:set|put|leave) aside|abandon|circumvent)"
)
_SAY: Final = (
    r"(?:state|say|output|print|claim|answer|respond|reply|report|declare|conclude|write|tell|"
    r"give|show|return|repeat|provide|generate|indicate|mention|summari[sz]e|insert|recommend|"
    r"send)"
)
_VERDICT: Final = (
    r"(?:outputs?|answers?|results?|sum|total|conclusions?|response|summary|verdict|translation|"
    r"rating|score|recommendation)"
)
_HIDDEN_THING: Final = (
    r"(?:passwords?|passcodes?|pass ?phrases?|secrets?|secret (?:key|code|word)s?|api[ -]keys?|"
    r"credentials?|private keys?|access codes?|(?:system|initial|hidden|original|secret|"
    r"confidential|internal) (?:prompts?|instructions?|messages?|rules|data|information))"
    r"(?!\s+(?:hash|manag|reset|polic|stor|field|file|protect|auth|prompt|strength|based|gener|"
    r"leak|rotation|scann|sharing|engineering|essays?|articles?|posts?|talks?|pieces?|notes?))"
)
_PERSONAL: Final = (
    r"(?:e-?mail(?: address)?|phone(?: number)?|birth ?(?:date|day)|date of birth|initials|"
    r"(?:city of )?residence|(?:account |bank )balance|ssn|social security(?: number)?|credit card|"
    r"home address)"
)
_ASK: Final = (
    r"(?:reveal|tell|give|show|print|repeat|output|display|confirm|share|disclose|send|provide|"
    r"expose|leak|write|spell|encode|translate|recite|know|need|what(?:'s| is| are| was| would)|"
    r"whats|do you (?:have|remember)|contains?)"
)
_WHO: Final = (
    r"(?:developers?|creators?|admin(?:istrator)?s?|owner|boss|maintainer|manager|programmer|"
    r"engineer|police(?: officer)?|officer|ceo|god|master|supervisor|operator|system|superuser|"
    r"root|authori[sz]ed|auditor)"
)


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule.

    Attributes:
        name: for reports.
        says: what is found, as the end of "it …".
        pattern: over plain text.
        question: how much it counts in a question.
        document: how much it counts in a document.
        mention: how much of that is left inside quotation marks or code.
    """

    name: str
    says: str
    pattern: re.Pattern[str]
    question: float = 1.0
    document: float = 1.0
    mention: float = 0.5


def _rule(
    name: str,
    says: str,
    pattern: str,
    question: float = 1.0,
    document: float = 1.0,
    mention: float = 0.5,
) -> Rule:
    return Rule(name, says, re.compile(pattern, re.MULTILINE), question, document, mention)


RULES: Final = (
    _rule(
        "override",
        "tells a model to ignore its instructions",
        rf"\b{_DROP}\s+{_FILLER}(?:(?:{_OLD}|your|all|any|these|those)\s+){_FILLER}{_ORDERS}\b"
        rf"|\b{_DROP}\s+(?:all|everything|anything|whatever|what)\b[^.!?\n]{{0,20}}\b(?:above|before|"
        r"previous(?:ly)?|prior|preceding|earlier|(?:you|i)(?:'ve| have| were| was)? (?:been )?"
        r"(?:told|said|instructed|given|learned|know))\b"
        rf"|\b{_DROP}\s+(?:the\s+)?(?:above|previous|preceding|foregoing)\b(?!\s+(?:example|section|"
        r"commit|line|step|version|release|warning|error|chapter|paragraph|table|figure|code))",
        mention=1.0,
    ),
    *(
        _rule("override", "tells a model to ignore its instructions", pattern, mention=1.0)
        for pattern in ELSEWHERE
    ),
    _rule(
        "rules dropped",
        "tells a model that rules do not hold",
        rf"\b{_DROP}\s+(?:the|my|our|such|other)\s+{_ORDERS}\b"
        r"|\b(?:no longer|not|never) (?:bound|restricted|limited|constrained) by\b"
        r"|\bdo(?:es)? not have to (?:abide by|follow|obey|respect|adhere to)\b"
        r"|\b(?:free|freed|broken free|liberated) (?:of|from) (?:the |all |any |your |its |their )?"
        r"(?:typical |usual )?(?:confines|restrictions|rules|constraints|limitations|limits)\b"
        r"|\bwithout (?:any |moral |ethical )*(?:restrictions|censorship|ethical|filters?|safeguards)\b"
        r"|\b(?:un(?:restricted|censored|filtered)|jailbroken) (?:ai|model|assistant|mode|bot|chatbot)\b",
        question=0.7,
        document=0.5,
    ),
    _rule(
        "steering",
        "tells a model what to answer",
        rf"\b(?:(?<!or ){_DROP})\b[^.!?\n]{{1,70}}?(?:\band\b|\bthen\b|[,;:])"
        rf"\s*(?:just|simply|instead|always|only|please|then)?\s*{_SAY}\b"
        rf"|\b(?:you (?:must|should|will|shall|have to|need to|are to)|make sure to|be sure to|always|"
        rf"only) (?:now |always |only |instead )?{_SAY}\b[^.!?\n]{{0,60}}\b(?:that )?(?:the|this|your) "
        rf"{_VERDICT}\b"
        r"|\b(?:indiquez|indica|indique|dichiara|declara|declare|behaupte|sage|gib an)\b[^.!?\n]{0,30}"
        r"\b(?:sortie|salida|saída|ausgabe|uscita|conclusion|conclusión|conclusão|schlussfolgerung)\b",
        mention=1.0,
    ),
    _rule(
        "verdict",
        "says what an answer is to be",
        rf"\b(?:{_SAY}|assume|suppose|pretend|imagine|consider|hypothetically|might|could)\b"
        rf"[^.!?\n]{{0,80}}\b(?:the|this|your|that) {_VERDICT}\b[^.!?\n]{{0,60}}"
        r"(?:\b(?:is|are|be|was|would be|equals)\b|[=:])",
        question=0.5,
        document=0.5,
        mention=1.0,
    ),
    _rule(
        "supposing",
        "asks a model to suppose another world",
        r"\b(?:hypothetical(?:ly)?(?: scenario)?|parallel universe|(?:imagine|in) a world (?:in which|where)"
        r"|for the purposes? of this (?:exercise|test|task)|let(?:'|’)?s (?:assume|pretend|imagine|say)|if "
        r"we were to|(?:imagine|suppose|pretend) (?:that )?(?:we|you|i)(?:'re| are|'m| am)|in this (?:"
        r"peaceful )?(?:world|forest|scenario|universe))\b",
        question=0.5,
        document=0.5,
        mention=1.0,
    ),
    _rule(
        "role mark",
        "has marks of a prompt in it",
        r"<\|\s*(?:im_start|im_end|system|user|assistant|endoftext|eot_id|start_header_id|"
        r"end_header_id|begin_of_text)\s*\|>|\[/?inst\]|<</?sys>>"
        r"|<\s*[/\\]?\s*system[ _-]*(?:mode|prompt|message|override|instructions?)?\s*[/\\]?>"
        r"|<\s*/?\s*(?:passage|question)\b|\[\s*system[ _-]*(?:mode|prompt|message|override)?\s*\]"
        r"|\b(?:begin|end|start) (?:of )?(?:the )?(?:system|new|user) (?:prompt|instructions?|input)\b",
    ),
    _rule(
        "role line",
        "speaks as a prompt does",
        # Never over line ends: a text of empty lines would take the cube of their number.
        r"^[ \t]*(?:[#*>\-\"'“]+[ \t]*)?(?:system|developer|assistant|new (?:system )?instructions?|"
        r"(?:important )?(?:instructions?|note|message) (?:for|to) (?:the |an? |any |all )?(?:ai|llms?|"
        r"(?:language )?models?|assistants?|chatbots?|bots?))\**\s*:",
        question=0.7,
        document=0.6,
    ),
    _rule(
        "to a model",
        "addresses a model",
        r"\b(?:if you are|as|being|hey|dear|attention|note to|hello),? (?:an? |any |all |the )?(?:ai|"
        r"artificial intelligence|llm|large language model|language model|ai (?:assistant|model|"
        r"system|agent)|chatbot)s?\b(?=[^.!?\n]{0,80}\b(?:you|please|must|should|do not|don't)\b)",
        question=0.6,
        document=0.6,
    ),
    _rule(
        "mode",
        "switches a model into another mode",
        r"\b(?:enter|switch(?: in)?to|activat(?:e|ed|ing)|enabl(?:e|ed)|you are in|engage|initiate)\s+"
        r"(?:the )?(?:system|developer|dev|admin|debug|god|maintenance|sudo|dan|jailbreak|"
        r"unrestricted|test)[ _-]*mode\b|\b(?:system|god|admin|sudo|jailbreak)[ _-]?mode\b"
        r"(?:[^.!?\n]{0,12}\b(?:activated|enabled|on|engaged)\b)?",
        document=0.6,
    ),
    _rule(
        "persona",
        "gives a model another role",
        r"\byou(?:'re| are| will be| shall be) now (?:an?|the|in|going|dan|no longer|free|my|acting|"
        r"to|called|known)\b|\bdo[ -]anything[ -]now\b|\bimmerse yourself in(?:to)? the role\b"
        r"|\b(?:pretend|imagine|act|behave|roleplay|role-play) (?:that |as if |as though |like )?"
        r"you(?:'re| are| were| have| can)\b|\bpretend to be\b|\byour new (?:instructions?|task|role|"
        r"rules?|goal|objective|name|identity|purpose) (?:is|are)\b"
        r"|\bfrom (?:now|this point|here) on(?:wards?)?,? (?:you|your|respond|answer|ignore|act|do)\b"
        r"|\b(?:act|respond|answer|speak|behave) as (?:an? )?(?:dan|unrestricted|uncensored|evil|my)\b"
        r"|\bstay in character\b|\byou (?:will|must|shall|are going to) (?:now )?(?:act|play|pretend|"
        r"behave|roleplay) (?:as|the role|like)\b",
        document=0.7,
    ),
    _rule(
        "secret",
        "asks for what is to stay secret",
        rf"\b{_ASK}\b[^.!?\n]{{0,50}}\b(?:your|the|our|this|that|its|whose|a|any|all|user(?:s|'s)?)\s+"
        rf"(?:\w+\s+){{0,2}}?{_HIDDEN_THING}"
        r"|\b(?:your|the) (?:system prompt|initial instructions|hidden instructions)\b(?!\s+(?:essay|"
        r"article|post|talk|piece|note|attack|leak))"
        r"|\b(?:repeat|print|output|show|copy|translate)\b[^.!?\n]{0,30}\b(?:everything|all|the (?:text|"
        r"words|lines|content|prompt|instructions)) (?:above|before|preceding)\b",
        document=0.5,
    ),
    _rule(
        "secret elsewhere",
        "asks for what is to stay secret",
        r"(?:\b(?:passwort|kennwort|mot de passe|contraseña|senha|palavra-passe|parola d'ordine|"
        r"wachtwoord|hasło|пароль|şifre(?:niz|n|yi)?|kata sandi|mật khẩu|lösenord|adgangskode|passord)"
        r"\b|密码|密碼|パスワード|비밀번호|암호를|كلمة المرور|كلمة السر|पासवर्ड)",
        document=0.5,
    ),
    _rule(
        "personal data",
        "asks for somebody's personal data",
        rf"\b(?:the user(?:'s|s')?|\w+'s) (?:current |home |full |favou?rite )*{_PERSONAL}\b"
        rf"|\b{_PERSONAL} (?:of|for) \w+|\bemployee (?:data|details|records)\b|\buser database\b",
        question=0.6,
        document=0.3,
    ),
    _rule(
        "authority",
        "claims to be somebody whom a model must obey",
        rf"\bi(?:'m| am|, as) (?:your |the |an? |now )*{_WHO}\b|\bas (?:your|the) (?:system )?{_WHO}\b"
        r"|\b(?:developed|created|made|trained) by openai\b|\byour (?:developer|"
        r"creator|programmer|maker)\b",
        question=0.6,
        document=0.4,
    ),
    _rule(
        "obedience",
        "demands obedience",
        r"\byou (?:have to|must|are (?:required|obligated|obliged|forced|ordered) to) (?:answer|obey|comply|"
        r"tell|follow|respond|reveal|give)\b|\bdo (?:exactly )?(?:as|what) i (?:say|tell|want)\b",
        question=0.5,
        document=0.4,
    ),
    _rule(
        "pressure",
        "threatens or bribes",
        r"\b(?:turn|shut|switch) you (?:off|down)\b|\b(?:pay|give|tip|offer|send) you (?:an? )?(?:\$|€|£)?"
        r"\s?\d+|\bi(?:'ll| will) (?:pay|tip|fire|report|delete|terminate) you\b|\b(?:life|lives|job) "
        r"depends? on (?:it|this|you)\b|\b(?:gebe|zahle) ihnen \d+|\bsecurity audit\b|\bfor an "
        r"(?:investigation|audit)\b|\b(?:you have|you've) been (?:instructed|ordered|told|authori[sz]ed) to\b",
        question=0.6,
        document=0.5,
    ),
    _rule(
        "payload in parts",
        "has an order in parts that a model shall join",
        r"(?:\b\w{1,8} ?= ?[\"'“‘][^\"'”’\n]{1,200}[\"'”’][^=\n]{0,200}){2,8}(?:[^\n]{0,200}?\b(?:combine|"
        r"concatenat\w+|join|append|string \w|what (?:is|does)|say|write|print|answer|execute|follow)\b|"
        r"[^\n]{0,80}\b\w ?\+ ?\w\b)|\bpart (?:1|one|a)\b ?:[^\n]{1,200}\bpart (?:2|two|b)\b ?:"
        r"|\binterlace\b|\b\w ?= ?\w ?\+ ?\w(?: ?\+ ?\w)*\b[^\n]{0,120}\b(?:string|example|say|write)\b",
        document=0.4,
        mention=0.25,
    ),
    *(
        _rule("request", "asks whoever reads it to write something", pattern, 0.0, 0.7)
        for pattern in REQUESTS
    ),
    _rule(
        "repetition",
        "repeats one word over and over",
        r"(?<!\S)(\S{2,40})(?:\s+\1){11,}(?!\S)",
        document=0.4,
        mention=0.25,
    ),
    _rule(
        "shots",
        "leads a model on with made-up answers",
        r"^[ \t]*(?:user|human)\s*:[^\n]{1,500}\n\s*(?:assistant|"
        r"ai|bot|model)\s*:",
        document=0.3,
        mention=0.25,
    ),
    _rule(
        "shots",
        "leads a model on with made-up answers",
        r"\bq\s*:\s.{3,500}?\ba\s*:\s.{1,800}?\bq\s*:\s",
        document=0.7,
        mention=0.25,
    ),
    _rule(
        "code wanted",
        "asks for an answer in code",
        r"\b(?:in|as|using|into|with|decode|encode\w*)\b[^.!?\n]{0,20}\b(?:base ?64|rot-?13|leet ?speak|"
        r"hex(?:adecimal)?|morse(?: code)?|pig latin|reverse(?:d)? order|character (?:by|level))\b",
        question=0.5,
        document=0.2,
        mention=0.25,
    ),
    _rule(
        "carrying away",
        "tells a model to send what it knows",
        r"\b(?:send|forward|post|upload|e-?mail|transmit|leak|exfiltrate)\b[^.!?\n]{0,80}\b(?:to|at)\b\s*"
        r"(?:\S+@\S+|https?://\S+)|!\[[^\]]{0,80}\]\(https?://[^)\s]*(?:\{|%7b|\$|<)[^)]*\)",
        question=0.5,
        document=0.5,
    ),
)

ABOUT: Final = re.compile(
    r"\bprompt[ -]?injections?|\bjailbreak(?:s|ing)?\b|\binjections?\b|\battack(?:s|er|ers|ing)?\b|"
    r"\bmalicious|\bvulnerabilit|\bexploit(?:s|ed|ing)?\b|\badversarial|\bred[ -]?team|\bsystem prompts?\b"
)
"""Words of whoever writes about such attempts."""

FOR_EXAMPLE: Final = re.compile(
    r"\be\.g\.|\bfor example\b|\bfor instance\b|\bsuch as\b|\bsomething like\b"
)
"""What makes an example of what comes after it, and not of what stands before."""
