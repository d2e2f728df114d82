"""English words that a comparison of sentences must know.

In: nothing. Out: sets of words in lower case: those that deny, those that deny by themselves, pairs
of opposites, words without a meaning of their own, and the irregular forms of common verbs.
"""

from typing import Final

MONTHS: Final = """
    january february march april may june july august september october november december
    """.split()  # noqa: SIM905 - a list would be many lines

NEGATIONS: Final = {
    *"""
    not no never none nobody nothing neither nor nowhere cannot without hardly scarcely
    """.split(),  # noqa: SIM905 - a list would be many lines
}
SOFT: Final = {
    *"""
    fail fails failed refuse refuses refused lack lacks lacked avoid avoids avoided stop stops
    stopped unable impossible instead rather deny denies denied reject rejects rejected quit
    quits abandon abandoned drop dropped unlike except few little barely rarely seldom only
    nonetheless
    """.split(),  # noqa: SIM905 - a list would be many lines
}
"""Words that may say by themselves what a negation says: they excuse one on the other side."""

OPPOSITES: Final = {
    frozenset(pair.split("/"))
    for pair in """
    always/never more/less more/fewer most/least before/after first/last all/none
    increase/decrease increased/decreased rise/fall rose/fell up/down above/below true/false
    everything/nothing everyone/nobody everybody/nobody some/none must/needn't with/without
    larger/smaller bigger/smaller faster/slower higher/lower cheaper/dearer better/worse
    best/worst like/dislike love/hate liked/disliked loved/hated possible/impossible easy/hard
    easier/harder many/few start/stop started/stopped begin/end won/lost succeeded/failed
    succeed/fail accept/reject accepted/rejected agree/disagree allowed/forbidden
    """.split()  # noqa: SIM905 - a list would be many lines
}

STOP: Final = {
    *"""
    a an the and or but if then else than that this these those there here it its it's he she
    his her him they them their theirs we us our ours i me my mine you your yours who whom
    whose which what when where why how is are was were be been being am do does did done have
    has had having will would can could should shall may might must of in on at to from by for
    with about into over under between as so such too very just also only own same both each
    any some all more most other another up down out off again once because while during
    before after until against through i'm i've i'd i'll we're we've we'd we'll don't didn't
    doesn't isn't wasn't aren't weren't won't wouldn't can't couldn't shouldn't hasn't haven't
    hadn't that's there's what's let's
    """.split(),  # noqa: SIM905 - a list would be many lines
    *NEGATIONS,
}

LIGHT: Final = frozenset({"make", "take", "get", "go", "say", "do", "give", "one", "thing", "way"})
"""Stems that are in so many sentences that a negation of one tells nothing of another."""

IRREGULAR: Final = {
    form: base
    for base, forms in {
        "be": "is are was were been am",
        "leave": "left leaving",
        "take": "took taken",
        "make": "made",
        "go": "went gone",
        "write": "wrote written",
        "begin": "began begun",
        "break": "broke broken",
        "bring": "brought",
        "build": "built",
        "buy": "bought",
        "choose": "chose chosen",
        "come": "came",
        "cost": "costs",
        "cut": "cuts",
        "do": "did done",
        "fall": "fell fallen",
        "find": "found",
        "forget": "forgot forgotten",
        "get": "got gotten",
        "give": "gave given",
        "grow": "grew grown",
        "hold": "held",
        "keep": "kept",
        "know": "knew known",
        "learn": "learnt",
        "lose": "lost",
        "mean": "meant",
        "meet": "met",
        "pay": "paid",
        "read": "reads",
        "run": "ran",
        "say": "said",
        "see": "saw seen",
        "sell": "sold",
        "send": "sent",
        "speak": "spoke spoken",
        "spend": "spent",
        "stand": "stood",
        "teach": "taught",
        "tell": "told",
        "think": "thought",
        "throw": "threw thrown",
        "understand": "understood",
        "win": "won",
        "person": "people",
        "child": "children",
    }.items()
    for form in forms.split()
}
"""Form to base."""
