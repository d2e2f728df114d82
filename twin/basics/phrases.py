"""The words that pages put around writing: buttons, notices, calls to subscribe.

In: a line or a paragraph. Out: its label (words in lower case, without markup), and the reason why
it is boilerplate, or an empty string. Only whole paragraphs match, never a part of one.
"""

import re
from typing import Final

SENTENCE: Final = 420
"""Code points of a call at most; what is longer says more than that."""

COMMENTS: Final = "a call to comment"
PLATFORM: Final = "words of the platform"

SURE: Final = frozenset(
    """
    commentreplyshare|copy link|discussion about this post|get the app|no posts|open in app
    open in appsign upsign inwritesign upsign in|previousnext|ready for more?|restacks
    share this post|sign in|sign up|sitemap|skip to content|skip to main content
    start writing|start writingget the app|subscribe now|subscribesign in
    substack is the home for great culture|back to top|jump to content|toggle navigation
    accept all cookies|accept cookies|reject all cookies|manage cookies|cookie settings
    like loading...|show comments|load more comments|view comments|hide comments
    privacy ∙ terms ∙ collection notice|privacy · terms · collection notice
    """.replace("\n", "|")
    .replace("    ", "")
    .split("|")
) - {""}
"""Lines that are buttons wherever they stand alone."""

SURE_HEADINGS: Final = frozenset({"discussion about this post", "share this post"})
"""Those that are set as headings."""

UNSURE: Final = frozenset(
    """
    comments|comment|discussions|email|facebook|help|latest|like|linkedin|listen|log in|login|note
    other|pinterest|print|privacy|reddit|reply|save|search|share|status|subscribe|terms|top|tweet
    twitter|whatsapp|x|menu|follow|following|previous|next|advertisement|bluesky|threads|about
    """.replace("\n", "|")
    .replace("    ", "")
    .split("|")
) - {""}
"""Lines that are buttons beside a sure one, and may be anybody's words elsewhere."""

CONTENTS: Final = frozenset(
    {
        "contents",
        "table of contents",
        "sections",
        "on this page",
        "in this article",
        "in this post",
        "toc",
        "outline",
    }
)
"""What stands over a table of contents."""

PLACES: Final = frozenset(
    """
    home|about|about me|about us|archive|archives|atom|blog|books|careers|categories|contact|cv|faq
    feed|github|imprint|impressum|linkedin|log in|login|mastodon|newsletter|now|photos|portfolio
    posts|press|privacy|privacy policy|projects|publications|resume|rss|search|sign in|sign up
    start|subscribe|tags|talks|terms|terms of service|twitter|uses|writing|youtube
    """.replace("\n", "|")
    .replace("    ", "")
    .split("|")
) - {""}
"""Where the items of a site's menu lead."""

NOTICE: Final = re.compile(
    r"(?:copyright |© ?|\(c\) )+(?:\d{4}(?: ?[-\u2013] ?\d{4})?),? ?[\w .,'\u2019&-]{0,60}"
    r"|all rights reserved\.?"
    r"|\d{1,4} (?:more )?(?:comments?|replies|likes?|claps?|restacks?)(?:\.\.\.|…)?"
    r"|\d{1,3} repl(?:y|ies) by [\w .'\u2019-]{1,60}"
    r"|\d{1,3} more comments?(?:\.\.\.|…)?"
    r"|share on (?:twitter|x|facebook|linkedin|reddit|whatsapp|hacker news|mastodon|bluesky)"
)
"""Single lines of a known shape: copyright, counters, buttons for sharing."""

_NETWORK = (
    r"(?:twitter|x\b|linkedin|mastodon|github|medium|instagram|facebook|youtube|bluesky|threads"
    r"|hugging face|substack)"
)
_PIECE = r"(?:post|article|piece|story|essay|blog post|guide|tutorial|newsletter|issue|write-?up)"
_REST = r"[^.!?…]{0,200}(?:\.(?=\w)[^.!?…]{0,80}){0,4}[.!?…:👇👏🙏 ]*"
_MAIL = r"(?:newsletter|mailing list|e-?mail|inbox|substack|new posts|future posts|updates)"

_CALLS: Final = tuple(
    (reason, re.compile(pattern))
    for reason, pattern in (
        (
            "a call to subscribe",
            (
                rf"(?:thanks|thank you) (?:so much )?for reading\b{_REST}"
                rf" ?(?:(?:please )?(?:subscribe|share|this post is public|consider){_REST})"
                rf"|(?:please |don['\u2019]t forget to )?(?:subscribe|sign up)\b"
                rf"(?: now| here| today| below)?"
                r"(?: (?:to|for|via)(?: (?:my|our|the|this|free))?(?: [\w-]{1,20}){0,3} "
                rf"{_MAIL}"
                rf"| for free to receive){_REST}"
                r"|join (?:over |more than )?[\d,.]+k?\+? (?:other )?(?:readers|subscribers|others)"
                rf"{_REST}"
                rf"|(?:type|enter) your e-?mail{_REST}"
                rf"|get (?:new|my|the latest) posts? (?:in|by|via|delivered){_REST}"
                rf"|this post is public so feel free to share it\.?"
                rf"|[^.!?]{{0,60}} is a reader-supported publication\.{_REST}"
                rf"(?:to receive|consider){_REST}"
                rf"|discover more from {_REST}"
            ),
        ),
        (
            "a call to share or follow",
            (
                rf"(?:please )?(?:follow|connect with|find) (?:me|us) (?:on|at) {_NETWORK}{_REST}"
                rf"|if you (?:\w+ ){{0,2}}(?:liked?|enjoy(?:ed)?|found) (?:reading )?this {_PIECE}"
                r"(?: (?:useful|helpful|interesting))?,? (?:please |do |and )?"
                r"(?:consider (?:subscribing|sharing|following|supporting)|share|subscribe|clap|follow"
                rf"|give it|hit|press|click|leave|recommend|tap){_REST}"
                rf"|(?:please )?share this {_PIECE}(?: (?:with|on|if){_REST})?[.!]*"
                rf"|(?:please )?(?:give it a clap|clap if you|hold the clap|leave a clap){_REST}"
            ),
        ),
        (
            COMMENTS,
            (
                r"leave a (?:comment|reply)[.!]*"
                rf"|(?:log in|sign in|you must be logged in)[\w ]{{0,30}} to (?:post a )?comment{_REST}"
                rf"|please enable javascript to view the comments{_REST}"
                rf"|comments? (?:powered by|are closed){_REST}"
            ),
        ),
        (
            "a notice about cookies",
            (
                r"(?:we|this (?:web)?site|our (?:web)?site) uses? cookies\b.{0,300}"
                r"(?:you (?:agree|consent|accept)|by continuing|cookie policy|privacy policy"
                r"|your experience|you are happy).{0,200}"
            ),
        ),
        (
            "where it was first published",
            (
                rf"(?:this {_PIECE} )?(?:(?:was|is|has been) )?(?:originally|first|previously) "
                rf"(?:published|posted|appeared) (?:at|on|in|by) {_REST}"
                rf"|cross-?posted (?:from|at|on) {_REST}"
            ),
        ),
        (
            PLATFORM,
            (
                rf"join medium with my referral link{_REST}"
                r"|as a medium member, a portion of your membership fee goes to.{0,200}"
                rf"|[^.!?]{{0,120}}become a medium member here{_REST}"
                r"|to make medium work, we log user data.{0,200}"
                r"|this site requires javascript to run correctly.{0,120}"
            ),
        ),
    )
)

# Only paragraphs that hold one of these words are tried against the patterns.
_TRIGGER = re.compile(
    "subscrib|sign up|reading|join |your e|get |post|discover more|follow|connect with|find "
    "|share|clap|comment|cookies|published|appeared|medium|javascript|this |reader-supported"
)
_LINK = re.compile(r"!?\[([^\[\]]{0,300})\]\([^()\s]{0,1000}\)")
_EMPHASIS = re.compile(r"\*{1,3}|(?<!\w)_{1,3}|_{1,3}(?!\w)|[\u200b\u2060\ufeff]")
_MARK = re.compile(r"[ \t>]*(?:#{1,6}(?=\s|$)|[-*+•](?=\s|$)|\d{1,3}[.)](?=\s|$))?[ \t]*")


def label(line: str) -> str:
    """Return the words of a line in lower case, without markup; all of it if it is long."""
    if len(line) > SENTENCE:
        return line
    bare = _MARK.sub("", line, count=1)
    if "](" in bare:
        bare = _LINK.sub(r"\1", bare)
    if "*" in bare or "_" in bare or not bare.isascii():
        bare = _EMPHASIS.sub("", bare)
    return " ".join(bare.split()).lower()


def call(paragraph: str) -> str:
    """Return why a paragraph is boilerplate, empty if it is writing."""
    if not _TRIGGER.search(paragraph):
        return ""
    return next((reason for reason, pattern in _CALLS if pattern.fullmatch(paragraph)), "")
