"""The words of nobody in particular: what the corruptions of style put in, and what they take out.

In: nothing. Out: tables. They are English; in other languages only what marks and order show changes.
"""

import re
from typing import Final

_NEGATED: Final = [
    "is",
    "are",
    "was",
    "were",
    "do",
    "does",
    "did",
    "has",
    "have",
    "had",
    "would",
    "could",
    "should",
    "might",
    "must",
    "need",
    "wo",
    "ca",
    "sha",
    "ai",
]
_IRREGULAR: Final = {"wo": "will not", "ca": "cannot", "sha": "shall not", "ai": "is not"}
_STEMS: Final = {"wo": "will", "ca": "can", "sha": "shall", "ai": "is"}
_PRONOUNS: Final = "i|you|he|she|it|we|they|this|that|there"
_DONE: Final = (
    r"(?:(?:already|always|never|just|also|only|since|now|recently|long)[ \t]+)?"
    r"(?:been|had|got|gotten|become|gone|taken|made|seen|done)"
)

CONTRACTIONS: Final = tuple(
    (re.compile(pattern, re.IGNORECASE), full)
    for pattern, full in (
        # In a question the pronoun stands between the two: "doesn't it" is "does it not".
        *(
            (rf"\b{verb}n['’]t[ \t]+({_PRONOUNS})\b", rf"{_STEMS.get(verb, verb)} \1 not")
            for verb in _NEGATED
        ),
        *((rf"\b{verb}n['’]t\b", _IRREGULAR.get(verb, f"{verb} not")) for verb in _NEGATED),
        (r"\bi['’]m\b", "I am"),
        (r"\b(you|we|they|there)['’]re\b", r"\1 are"),
        (r"\b(i|you|we|they|would|could|should|might)['’]ve\b", r"\1 have"),
        (r"\b(i|you|he|she|it|we|they|that|there|this)['’]ll\b", r"\1 will"),
        (rf"\b(it|he|she|that|there|what|who)['’]s[ \t]+({_DONE})\b", r"\1 has \2"),
        (rf"\b(i|you|he|she|it|we|they|there)['’]d[ \t]+({_DONE}|better)\b", r"\1 had \2"),
        (r"\b(i|you|he|she|it|we|they|there)['’]d\b", r"\1 would"),
        (r"\b(he|she|it|that|there|here|what|who|where|how)['’]s\b", r"\1 is"),
        (r"\blet['’]s\b", "let us"),
    )
)
"""Patterns of contractions, and what they stand for."""

_CLAUSE: Final = (
    r"(?=(?:I|we|you|he|she|it|they|there|this|that|these|those|the|if|when|in|my|our|your|a|an)\b)"
)
"""What a main clause begins with; before anything else a conjunction may join two words."""

_OBJECT: Final = (
    r"(?=(?:a|an|the|this|that|these|those|it|them|my|our|your|its|his|her|their|some|any|one|two)\b"
    r"|[`\ue000\[])"
)
"""What an object begins with, so that the word before it is a verb."""

_NOT_OF_A_PAIR: Final = r"(?<!the )(?<!of )(?<!a )(?<!for )(?<!in )"

FORMAL: Final = tuple(
    (re.compile(pattern, re.IGNORECASE), full)
    for pattern, full in (
        (rf"{_NOT_OF_A_PAIR}\buse[ \t]+{_OBJECT}", "utilize "),
        (rf"\buses[ \t]+{_OBJECT}", "utilizes "),
        (rf"\busing[ \t]+{_OBJECT}", "utilizing "),
        (rf"(?<=\bI )used[ \t]+{_OBJECT}|(?<=\bwe )used[ \t]+{_OBJECT}", "utilized "),
        (r"\b(?:lots|a lot) of\b", "a considerable amount of"),
        (r"\bwant(s|ed)? to\b", r"wish\1 to"),
        (r"\btried to\b", "attempted to"),
        (r"\btry to\b", "attempt to"),
        (r"\btrying to\b", "attempting to"),
        (r"\bfigured out\b", "determined"),
        (r"\bfigure out\b", "determine"),
        (r"\bfiguring out\b", "determining"),
        (r"\bfound out\b", "discovered"),
        (r"\bfind out\b", "ascertain"),
        (r"\bget rid of\b", "eliminate"),
        (r"\blets (me|us|you|them)[ \t]+(?=[a-z])", r"enables \1 to "),
        (r"\beasy to\b", "straightforward to"),
        (r"\bhard to\b", "challenging to"),
        (r"\bbecause of\b", "due to"),
        (r"\bbecause\b(?! of| that)", "due to the fact that"),
        (r"\b(?:about|around)[ \t]+(?=\d)", "approximately "),
        (r"(?<!how )(?<!as )(?<!so )(?<!too )\bmany (?!of\b)(?=[a-z])", "numerous "),
        (r"\bmaybe\b", "perhaps"),
        (r"\bstuff\b", "material"),
        (r"\bbig\b(?!-)", "substantial"),
        (r"\bhuge\b", "considerable"),
        (r"\bnice\b", "pleasant"),
        (r"\bneat\b", "well-designed"),
        (r"\bcool\b", "remarkable"),
        (r"\bquickly\b", "rapidly"),
        (r"\bfor example\b", "for instance"),
        (r"\bat the moment\b", "at present"),
        (r"\bright now\b", "at present"),
        (r"\ba bit(?! of)\b", "somewhat"),
        (r"\bkind of (?=[a-z]+(?:ing|ed|y)\b)", "somewhat "),
        (r"\bwhole\b", "entire"),
        (r"\btells (me|us|you)\b", r"informs \1"),
        (rf",[ \t\n]+but[ \t\n]+{_CLAUSE}", ", yet "),
        (rf",[ \t\n]+so[ \t\n]+{_CLAUSE}", ", and therefore "),
        (rf"(?<![,\w] )\b(?-i:But),?[ \t\n]+{_CLAUSE}", "However, "),
        (rf"(?<![,\w] )\b(?-i:So),?[ \t\n]+{_CLAUSE}", "Therefore, "),
        (rf"(?<![,\w] )\b(?-i:And),?[ \t\n]+{_CLAUSE}", "Furthermore, "),
        (rf"(?<![,\w] )\b(?-i:Also),?[ \t\n]+{_CLAUSE}", "In addition, "),
        (rf"(?<![,\w] )\b(?-i:Plus),?[ \t\n]+{_CLAUSE}", "Moreover, "),
    )
)
"""Plain words and the long ones that say no more, each only where the sentence stays a sentence: a verb
before an object, a conjunction before a clause."""

WORDY: Final = tuple(
    (re.compile(pattern, re.IGNORECASE), full)
    for pattern, full in (
        (r"\bI can (?=[a-z])(?!not\b)", "I am able to "),
        (r"\b(we|you|they) can (?=[a-z])(?!not\b)", r"\1 are able to "),
        (r"\b(it|he|she) can (?=[a-z])(?!not\b)", r"\1 is able to "),
        (r"(?<!as )(?<!even )(?<!only )(?<!what )\bif (?=you|we|the|it|there|this|they)", "in the event that "),
        (r"(?<!\ba )(?<!\bthe )\bnow\b(?! that|-)", "at this point in time"),
        (r"\bevery (?=[a-z])(?!one|thing|body|where|time)", "each and every "),
        (r"\bso that\b", "in such a way that"),
        (r"\bbefore (?=[a-z]+ing\b)", "prior to "),
        (r"\bafter (?=[a-z]+ing\b)", "subsequent to "),
        (r"\balthough\b", "in spite of the fact that"),
        (r"\buntil (?=I|we|you|it|they|the|there)", "until such time as "),
        (r"\babout (?=how|what|why|whether|where)", "with regard to "),
        (r"\band then\b", "and subsequently"),
        (r"\bjust like\b", "in the same way as"),
        (r"\binstead of\b", "as opposed to"),
        (r"(?<=\bit )to (?=[a-z])|(?<=\b(?:this|that|them|code|tool|page|file|data) )to (?=[a-z])",
         "in order to "),
        (r"\bmost of (?=the|my|our|these|those)", "the majority of "),
        (r"\bsome of (?=the|my|our|these|those)", "a certain number of "),
        (r"\bhere (?=is|are)\b", "the following "),
    )
)  # fmt: skip
"""Short words and what takes longer to say the same."""

ADVERBS: Final = (
    "really", "very", "just", "actually", "quite", "pretty", "simply", "basically", "literally",
    "absolutely", "honestly", "frankly", "obviously", "clearly", "totally", "rather",
)  # fmt: skip
"""Words that stress."""

CONNECTIVES: Final = (
    "Additionally,", "Furthermore,", "Moreover,", "In addition,", "Notably,", "Importantly,",
)  # fmt: skip
HEDGES: Final = (
    "It is worth noting that", "It is important to note that", "It should be noted that",
    "It can be argued that", "One could say that", "It is fair to say that",
)  # fmt: skip
CLOSINGS: Final = (
    "In conclusion, understanding {topic} is essential for achieving the best results.",
    "Overall, this highlights the importance of a thoughtful and balanced approach to {topic}.",
    "Ultimately, the right choice depends on your specific needs and requirements.",
    "By keeping {topic} in mind, you can make informed decisions going forward.",
    "In summary, these points provide a solid foundation for working with {topic}.",
    "It remains important to stay informed about {topic} and to adapt accordingly.",
    "As always, consider how {topic} fits into your overall workflow.",
    "With this in mind, {topic} becomes considerably easier to approach.",
)
OPENINGS: Final = (
    "{Topic} is more relevant today than ever before.",
    "When it comes to {topic}, there are several important factors to consider.",
    "Let us take a closer look at {topic} and its implications.",
    "Many people ask about {topic}, and there is no one-size-fits-all answer.",
    "Understanding {topic} can be a valuable skill.",
    "{Topic} plays a crucial role in many contexts.",
    "This passage explores {topic} in more detail.",
    "There are several things to know about {topic}.",
)
