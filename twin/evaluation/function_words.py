"""English function words: articles, pronouns, prepositions, conjunctions, auxiliaries, particles.

In: nothing. Out: the closed classes that stylometry counts, because everyone needs them whatever the
topic (Mosteller and Wallace, Inference and Disputed Authorship, 1964; Kestemont, Function Words in
Authorship Attribution, 2014). Contractions are counted as they are written: to write "don't" or
"do not" is a habit.
"""

_DETERMINERS = """
a an the this that these those some any no every each either neither another other others such both
all half several few fewer many much more most little less least enough own same one ones
"""

_PRONOUNS = """
i me my mine myself we us our ours ourselves you your yours yourself yourselves he him his himself
she her hers herself it its itself they them their theirs themselves who whom whose which what
whatever whichever whoever someone somebody something anyone anybody anything everyone everybody
everything nobody nothing none
"""

_PREPOSITIONS = """
about above across after against along alongside among around as at atop because before behind below
beneath beside besides between beyond by despite down during except for from in inside instead into
like near of off on onto out outside over past per since than through throughout to toward towards
under underneath unlike until unto up upon via with within without versus
"""

_CONJUNCTIONS = """
and but or nor so yet if unless whether while whilst whereas although though even however therefore
thus hence moreover furthermore otherwise nevertheless nonetheless meanwhile then else also too when
whenever where wherever why how once lest till
"""

_AUXILIARIES = """
am is are was were be been being do does did done doing have has had having can could may might must
shall should will would ought let get gets got getting need needs used
"""

_CONTRACTIONS = """
i'm i'd i've i'll you're you'd you've you'll he's he'd he'll she's she'd she'll it's it'd it'll we're
we'd we've we'll they're they'd they've they'll that's that'd that'll there's here's what's who's
where's how's let's isn't aren't wasn't weren't don't doesn't didn't hasn't haven't hadn't can't
couldn't won't wouldn't shouldn't mustn't needn't ain't cannot
"""

_ADVERBS = """
not never ever always often sometimes usually already still just only again very quite rather really
actually perhaps maybe almost nearly here there now soon later yes indeed well almost anyway pretty
somewhat simply exactly probably certainly obviously basically especially generally finally first
second next last please away back together further far
"""

_CLASSES = (
    _DETERMINERS,
    _PRONOUNS,
    _PREPOSITIONS,
    _CONJUNCTIONS,
    _AUXILIARIES,
    _CONTRACTIONS,
    _ADVERBS,
)

FUNCTION_WORDS: tuple[str, ...] = tuple(
    sorted({word for words in _CLASSES for word in words.split()})
)
"""All of them, sorted. Words that a topic could ask for are not among them."""
