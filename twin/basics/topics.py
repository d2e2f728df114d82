"""Topics: what a person filed a text under, and where they did not, the words that it turns on.

In: a document. Out: topics in lower case. The person's own tags, hashtags and folders come first;
only a text without any is given keywords, found in it alone, so that its topics do not change when
another text does.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import Final

from pydantic import Field

from twin.basics.prose import headings, prose
from twin.components import BuildContext, Enricher, Options
from twin.documents import Document, Enrichment, Kind, topic_key

GENERAL: Final = frozenset(
    """
    archive archives article articles assets blog content contents doc docs documentation documents
    draft drafts essay essays export exports files index journal markdown md misc notes page pages
    post posts public readme site source src stories text texts til untitled uncategorized
    uncategorised unsortiert vault wiki writing general other default
    """.split()  # noqa: SIM905 - a list of fifty words would be fifty lines
)
"""Folders and tags that say how a text is kept, and nothing of what it is about."""

STOP_WORDS: Final = frozenset(
    """
    a about above actually after again against all almost also although always am an and another any
    anything are around as at away back be became because been before being below best better between
    both but by came can cannot case come comes could did do does doing done down during each either
    else end enough etc even ever every everything example few find first for found from full get gets
    getting give given gives go goes going good got great had has have having he her here hers him his
    how however i if in instead into is it its itself just keep know last least less let like little
    ll long look looks lot made make makes making many may maybe me mean means might more most much must
    my myself need needs never new next no none nor not nothing now of off often ok old on once one ones
    only or other others our out over own part people perhaps place point possible pretty probably put
    quite rather re really right run s said same say says see seems seen several she should show shows
    simple simply since small so some someone something sometimes soon still such sure t take takes tell
    than that the their them then there these they thing things think this those though thought three
    through thus time times to together too took toward try trying turn two under until up upon us use
    used useful uses using usually ve very via want wanted wants was way ways we well went were what
    whatever when where whether which while who whole whose why will with within without work working
    works would year years yes yet you your yours yourself don doesn didn isn aren wasn won wouldn
    shouldn couldn hasn haven let's it's don't i'm i've you're that's there's
    aber alle allem allen aller alles als also am an andere anderen auch auf aus bei beim bin bis bist
    da dabei dadurch daher damit dann das dass dein deine dem den denn der des dich die dies diese
    diesem diesen dieser dieses doch dort du durch ein eine einem einen einer eines er es etwas euch für
    gegen gibt ganz hab habe haben hat hatte hier hinter ich ihm ihn ihnen ihr ihre im immer in ins ist
    ja jede jedem jeden jeder jedes jetzt kann kein keine können könnte machen man mehr mein meine mich
    mir mit muss nach nicht nichts noch nun nur ob oder ohne sehr sein seine seit sich sie sind so
    sollte sondern über um und uns unser unter viel vom von vor wann war waren warum was weil wenn wer
    werden wie wieder will wir wird wo wurde zu zum zur zwischen
    ai alors au aucun aussi autre aux avait avant avec avoir car ce cela ces cet cette ceux chaque ci
    comme comment dans de des deux doit donc dont du elle elles en encore entre est et été être eu fait
    faire il ils je la le les leur leurs lui ma mais me même mes moi mon ne nos notre nous on ont ou où
    par parce pas peu peut plus pour pourquoi quand que quel quelle qui quoi sa sans se ses si son sont
    sous sur ta te tes toi ton tous tout toute très tu un une vos votre vous y
    algo ante antes aunque bien cada como con cual cuando cuya da desde donde dos el ella ellas ellos
    entonces era eran eres esa ese eso esta está este esto estos fue fueron ha hace hacer hay hasta la
    las le les lo los más me mi mis mucho muy nada ni no nos nosotros nuestra nuestro o otra otro para
    pero poco por porque puede pues que qué quien se según ser si sí sin sobre solo son su sus también
    tan tanto te tiene todo todos tu un una uno unos usted ya yo
    """.split()  # noqa: SIM905
)
"""Words that no text turns on: English, German, French and Spanish."""

_HASHTAG: Final = re.compile(r"(?<![\w/&#])#([^\W\d]\w{1,40})\b")
_WORD: Final = re.compile(r"[^\W\d_][\w+#]*(?:[-.'’][\w+#]+)*")
_PHRASE_END: Final = re.compile(
    r"[.,;:!?()\[\]{}\"“”„«»…—–/\\|\n=<>]+(?:\s|$)|\s[-—–]\s|\n|[()\[\]\"“”„«»;|]"
)

IN_TITLE: Final = 3.0
IN_HEADING: Final = 1.5
"""What a word counts more for standing in the title, or in a heading."""


class TopicsOptions(Options):
    """What counts as a topic."""

    keywords: int = Field(
        default=5, ge=0, le=20, description="Most keywords of a text that nobody filed; 0 for none."
    )
    folders: bool = Field(
        default=True, description="Whether the folders of a file are what it was filed under."
    )


class Topics:
    """Finds the topics of a document.

    Args:
        options: what counts as one.
    """

    def __init__(self, options: TopicsOptions) -> None:
        self._options = options

    def __call__(self, document: Document) -> Enrichment:
        """Return the topics; none for code, which says nothing of itself."""
        if document.kind is Kind.CODE:
            return Enrichment(topics=tuple(_own(document.tags)))
        filed = [*document.tags, *_hashtags(document)]
        if self._options.folders and document.kind is Kind.ARTICLE:
            filed += _folders(document.source)
        topics = list(_own(filed))
        if not topics and document.kind is not Kind.MESSAGE:
            topics = keywords(document, self._options.keywords)
        return Enrichment(topics=tuple(dict.fromkeys(topics)))


def build_topics(options: TopicsOptions, ctx: BuildContext) -> Enricher:
    """Return the topics."""
    del ctx
    return Topics(options)


def keywords(document: Document, most: int) -> list[str]:
    """Return the words and pairs of words that a text turns on, the most telling first.

    A word counts as often as it stands in the text, and more in the title and in headings. It must
    come at least twice, the title counting; of a pair and its words, the pair is kept where it is
    what its words mostly stand in.
    """
    text, title = prose(document.text), document.title
    counts: Counter[str] = Counter()
    for phrase in _phrases(f"{title}\n{text}"):
        words = [word.casefold() for word in phrase]
        for one in (*words, *(f"{a} {b}" for a, b in pairwise(words))):
            counts[one] += 1
    loud = {1: _terms([title]), 0: _terms(headings(document.text))}
    scores = {
        one: count
        * (IN_TITLE if one in loud[1] else IN_HEADING if one in loud[0] else 1.0)
        * (1.5 if " " in one else 1.0)
        for one, count in counts.items()
        if count > 1
    }
    found: list[str] = []
    for one in sorted(scores, key=lambda one: (-scores[one], one)):
        inside = any(f" {one} " in f" {other} " for other in found)
        around = [other for other in found if f" {other} " in f" {one} "]
        if inside:
            continue
        if around and counts[one] * 2 >= max(counts[other] for other in around):
            found[found.index(around[0])] = one
            found = [other for other in found if other == one or other not in around]
        elif not around:
            found.append(one)
        if len(found) >= most:
            break
    return found[:most]


def _terms(texts: Iterable[str]) -> set[str]:
    found: set[str] = set()
    for text in texts:
        for phrase in _phrases(text):
            words = [word.casefold() for word in phrase]
            found |= {*words, *(f"{a} {b}" for a, b in pairwise(words))}
    return found


def _phrases(text: str) -> Iterator[list[str]]:
    """Yield runs of words between stop words and marks."""
    for part in _PHRASE_END.split(text):
        run: list[str] = []
        for word in _WORD.findall(part or ""):
            plain = word.casefold().replace("’", "'")
            if plain in STOP_WORDS or len(plain) < 2 or plain.removesuffix("'s") in STOP_WORDS:  # noqa: PLR2004
                if run:
                    yield run
                run = []
            else:
                run.append(word.replace("’", "'").removesuffix("'s"))
        if run:
            yield run


def _own(names: Iterable[str]) -> Iterator[str]:
    for name in names:
        key = topic_key(name.strip().lstrip("#"))
        if key and key not in GENERAL and not re.fullmatch(r"[\d\s._-]+", key):
            yield key


def _hashtags(document: Document) -> list[str]:
    if document.kind not in {Kind.POST, Kind.ARTICLE}:
        return []
    return _HASHTAG.findall(prose(document.text))


def _folders(source: str) -> list[str]:
    """Return the folders below the collection of a file, the innermost first."""
    if not source.startswith("file:"):
        return []
    inner = source.removeprefix("file:").split("/")[1:-1]
    return [re.sub(r"[_-]+", " ", folder) for folder in reversed(inner)]
