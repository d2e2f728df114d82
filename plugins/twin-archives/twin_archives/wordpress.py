"""WordPress: the export of a blog (WXR).

In: one XML file, or several in a folder or ZIP. Out: a document a post or page. Enclosures, menus,
comments and whatever is of another type are skipped with their reason.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, datetime
from typing import TYPE_CHECKING, Final
from urllib.parse import urljoin, urlsplit

import twin
from twin.components import Report
from twin_archives.files import Files, told
from twin_archives.markup import html_markdown
from twin_archives.options import WordPressOptions
from twin_archives.whose import is_me
from twin_archives.wxr import Channel, Item, parse_wxr
from twin_files.dates import stated_date

if TYPE_CHECKING:
    from llama_index.core.schema import Document as LlamaDocument

_DRAFTS: Final = frozenset({"draft", "pending", "future", "auto-draft"})
_READ: Final = _DRAFTS | {"publish", "private"}
_BLOCK: Final = re.compile(
    r"</?(?:p|div|h[1-6]|[uod]l|li|d[dt]|table|t(?:head|body|foot|r|d|h)|blockquote|pre|fig(?:ure|caption)"
    r"|section|article|hr)\b",
    re.IGNORECASE,
)
_ENDS: Final = re.compile(_BLOCK.pattern + r"[^<>]*>\s*\Z", re.IGNORECASE)
_CODE: Final = re.compile(
    # The names of languages are those of the plugin SyntaxHighlighter.
    r"\[(?P<tag>code|sourcecode|bash|shell|cpp|csharp|css|delphi|diff|erlang|fsharp|groovy|html|java"
    r"|javascript|js|latex|matlab|objc|perl|php|powershell|python|py|ruby|scala|sql|vb|xml|yaml)"
    r"(?P<given>(?:\s[^\]]*)?)\](?P<code>.*?)\[/(?P=tag)\]",
    re.DOTALL,
)
_ESCAPED: Final = re.compile(r"&(?:lt|gt|amp);")
_LANGUAGE: Final = re.compile(r"lang(?:uage)?=[\"']?([\w+#-]+)")
_CAPTION: Final = re.compile(r"\[caption[^\]]*\](.*?)\[/caption\]", re.DOTALL)
_EMBED: Final = re.compile(r"\[(embed|audio|video)[^\]]*\](https?://[^\[\s]+)\[/\1\]")
_QUOTE: Final = re.compile(
    r"\[(?P<tag>(?:block)?quote)\b[^\]]*\](?P<words>.*?)\[/(?P=tag)\]", re.DOTALL
)
_MACHINERY: Final = re.compile(r"\[(?:gallery|playlist|audio|video|more)\b[^\]]*\](?:\[/\w+\])?")


def read(files: Files, options: WordPressOptions, report: Report) -> Iterator[LlamaDocument]:
    """Yield the documents of an export.

    Raises:
        ReadError: if there is none.
    """
    names = [name for name in files.names if name.lower().endswith(".xml")]
    if not names:
        message = f"{files.path}: it is no export of WordPress: it has no .xml"
        raise twin.ReadError(message, "Tools → Export in WordPress has the download")
    files.rest(names, report, "no XML")
    seen: dict[str, str] = {}
    for name in names:
        try:
            channel = parse_wxr(files.read(name), name)
        except twin.ReadError as error:
            if files.export is None:
                raise
            told(report, ".", name, error)
            continue
        if channel.faults:
            # What follows the damage may be missing, and must not count as gone.
            report.failed(".", f"{name}: its XML is damaged, {channel.faults}")
        yield from _Blog(channel, name, options, report).documents(seen)


class _Blog:
    """One export file."""

    def __init__(
        self, channel: Channel, name: str, options: WordPressOptions, report: Report
    ) -> None:
        self._channel = channel
        self._name = name
        self._options = options
        self._report = report
        self._types = {one.strip() for one in options.types.split(",") if one.strip()}
        values = channel.values
        self._site = values.get("wp:base_blog_url") or values.get("link") or ""

    def documents(self, seen: dict[str, str]) -> Iterator[LlamaDocument]:
        for item in self._channel.items:
            label = f"{self._name} {item.values.get('wp:post_id') or item.values.get('title', '')}"
            source = "."
            try:
                source = self._source(item)
                if reason := self._unwanted(item):
                    self._report.skipped(label, reason)
                elif source in seen:
                    self._report.skipped(label, f"it stands in {seen[source]} already")
                elif found := self._document(item, source, label):
                    seen[source] = self._name
                    yield found
            except Exception as error:  # noqa: BLE001 - the boundary: one item never stops the rest
                told(self._report, source, label, error)
            if item.comments:
                self._report.skipped(f"{label} (comments)", f"{item.comments} comments of readers")

    def _unwanted(self, item: Item) -> str:
        kind, status = item.values.get("wp:post_type", ""), item.values.get("wp:status", "")
        name, names = self._author(item)
        if kind not in self._types:
            return f"of the type {kind or '?'}; the option types= chooses them"
        if status not in _READ:
            return f"its status is {status or '?'}"
        if status in _DRAFTS and not self._options.drafts:
            return "a draft; the option drafts=true reads it"
        if self._options.me and not is_me(self._options.me, names):
            return f"by {name or 'someone'}, which is not you"
        return ""

    def _author(self, item: Item) -> tuple[str, list[str]]:
        """Return the author's name, and all names of all authors."""
        login = item.values.get("dc:creator", "")
        known = self._channel.authors.get(login, [])
        others = [name for domain, name in item.terms if domain == "author"]
        name = known[0] if known else login
        return name, [name, login, *known, *others]

    def _address(self, item: Item) -> str:
        link = item.values.get("link", "")
        try:
            if not link or urlsplit(link).query:
                # What has no name yet is reached by its number, which moves once it is published.
                return ""
            return twin.canonical_url(urljoin(f"{self._site.rstrip('/')}/", link))
        except (twin.ReadError, ValueError):
            return ""

    def _source(self, item: Item) -> str:
        if address := self._address(item):
            return address
        number = item.values.get("wp:post_id", "")
        if not number:
            message = "it has neither an address nor a number"
            raise twin.ReadError(message)
        return f"wordpress:{urlsplit(self._site).hostname or 'blog'}/{number}"

    def _document(self, item: Item, source: str, label: str) -> LlamaDocument | None:
        values = item.values
        text = html_markdown(_html(values.get("content:encoded", "")), self._site)
        if not text.strip():
            self._report.skipped(label, "it has no text")
            return None
        hidden = values.get("wp:status") != "publish" or values.get("wp:post_password")
        authors = list(dict.fromkeys(name for domain, name in item.terms if domain == "author"))
        extra = {"wordpress_type": values.get("wp:post_type", "")}
        extra["wordpress_id"] = values.get("wp:post_id", "")
        if len(authors) > 1:
            extra["authors"] = ", ".join(authors)
        if excerpt := html_markdown(values.get("excerpt:encoded", "")):
            extra["description"] = excerpt
        tags = (name.replace(",", " ") for d, name in item.terms if d in {"category", "post_tag"})
        return twin.make_document(
            source=source,
            text=text,
            title=html_markdown(values.get("title", "")),
            author=self._author(item)[0] or self._options.author,
            platform="wordpress",
            audience=twin.Audience.PRIVATE if hidden else twin.Audience.PUBLIC,
            published_at=_published(values),
            url=self._address(item) or None,
            tags=tuple(dict.fromkeys(tag for tag in tags if tag and tag != "Uncategorized")),
            media_type="text/html",
            raw=values.get("content:encoded", "").encode(),
            **extra,
        )


def _published(values: dict[str, str]) -> str | None:
    """Return the time in UTC, else the feed's with its zone, else the day alone."""
    stated = values.get("wp:post_date_gmt", "")
    found: date | datetime | None = None
    if stated and not stated.startswith("0000"):
        found = stated_date(f"{stated} UTC")
    if found is None and values.get("pubDate"):
        found = stated_date(values["pubDate"])
        found = None if found and found.year < _FIRST else found
    if found is None and (day := values.get("wp:post_date", ""))[:4] not in {"", "0000"}:
        found = stated_date(day[:10])
    return found.isoformat() if found else None


_FIRST: Final = 1980
"""Years before this one are those of a clock that was never set."""


def _html(content: str) -> str:
    """Return what the editor stores as HTML: paragraphs without tags, and short codes."""
    content = _CODE.sub(_code, content)
    content = _CAPTION.sub(r"<p>\1</p>", content)
    content = _EMBED.sub(r'<p><a href="\2">\2</a></p>', content)
    content = _QUOTE.sub(r"<blockquote>\g<words></blockquote>", content)
    content = _MACHINERY.sub("", content)
    if "<!-- wp:" in content:
        # The newer editor writes its paragraphs out. The older one does so for some of them alone.
        return content
    pieces = re.split(r"(<pre\b.*?</pre>)", content, flags=re.DOTALL | re.IGNORECASE)
    return "".join(
        piece if piece.lower().startswith("<pre") else _paragraphs(piece) for piece in pieces
    )


def _paragraphs(content: str) -> str:
    parts = re.split(r"\n[ \t]*\n", content.replace("\r\n", "\n"))
    return "\n\n".join(
        part if _BLOCK.match(part.strip()) else f"<p>{_lines(part.strip())}</p>"
        for part in parts
        if part.strip()
    )


def _lines(part: str) -> str:
    """Return the lines of a paragraph with breaks between them, but for those of a list and the like."""
    first, *rest = part.split("\n")
    pieces = [first]
    for line in rest:
        block = _BLOCK.match(line.lstrip()) or _ENDS.search(pieces[-1])
        pieces += ["\n" if block else "<br>", line]
    return "".join(pieces)


def _code(match: re.Match[str]) -> str:
    language = _LANGUAGE.search(match["given"])
    name = language[1] if language else match["tag"].removeprefix("source").removeprefix("code")
    given = f' data-lang="{name}"' if name else ""
    code = match["code"]
    if "<" in code or not _ESCAPED.search(code):
        code = code.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return f"<pre{given}>{code}</pre>"
