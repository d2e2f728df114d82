"""Jekyll: the posts of a blog, from its repository or an export.

In: a folder or ZIP with ``_posts``, or of dated files with front matter. Out: a document a post or
page. Text in Markdown stays as it is, but for the tags of its template language around code.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Final
from urllib.parse import urljoin

import yaml

import twin
from twin.components import Report
from twin_archives.files import Files, told
from twin_archives.markup import html_markdown
from twin_archives.options import JekyllOptions
from twin_archives.recognising import wrapping
from twin_archives.shapes import string
from twin_files.dates import path_date
from twin_files.decoding import decode
from twin_files.facts import Facts, stated_facts
from twin_files.formats import Markup
from twin_files.front_matter import front_matter
from twin_files.titles import heading, name_title

if TYPE_CHECKING:
    from llama_index.core.schema import Document as LlamaDocument

_HTML: Final = frozenset({".html", ".htm"})
_WRITING: Final = frozenset({".md", ".markdown", ".mkdn", ".mkd"}) | _HTML
_HIGHLIGHT: Final = re.compile(
    # The second is Octopress's, whose title may be anything.
    r"\{%-?\s*(?P<tag>highlight|codeblock)\b(?P<given>[^%]*)%\}\r?\n?(?P<code>.*?)\r?\n?"
    r"\{%-?\s*end(?P=tag)\s*-?%\}",
    re.DOTALL,
)
_LANGUAGE: Final = re.compile(r"\s*(?P<language>[\w+#-]+)")
_QUOTED: Final = re.compile(
    # Octopress: whose words they are stands in the tag.
    r"\{%-?\s*blockquote\b(?P<whose>[^%]*?)-?%\}\s*(?P<words>.*?)\s*\{%-?\s*endblockquote\s*-?%\}",
    re.DOTALL,
)
_RAW: Final = re.compile(
    # A line that holds nothing else goes; inside a line nothing but the tag does.
    r"(?:^[ \t]*\{%-?\s*(?:end)?raw\s*-?%\}[ \t]*\r?\n)|\{%-?\s*(?:end)?raw\s*-?%\}",
    re.MULTILINE,
)
_ELEMENT: Final = re.compile(r"</?(?:p|div|h[1-6]|ul|ol|table)\b", re.IGNORECASE)
_MACHINERY: Final = frozenset({"_layouts", "_includes", "_sass", "_site", "_plugins", "assets"})


def read(files: Files, options: JekyllOptions, report: Report) -> Iterator[LlamaDocument]:
    """Yield the documents of a blog.

    Raises:
        ReadError: if there is none.
    """
    blog = files.beneath("_posts/*") or files.beneath("_config.yml") or files
    names = [name for name in blog.names if _is_writing(name)]
    if not names:
        message = f"{files.path}: it is no blog of Jekyll: it has no posts in Markdown or HTML"
        raise twin.ReadError(message, "give the folder that _posts lies in")
    blog.rest(names, report, "no post or page")
    site = options.site or _site(blog, report)
    collection = options.collection or files.title
    folder = wrapping(blog.names)
    for name in names:
        source = f"file:{collection}/{name.removeprefix(folder)}"
        try:
            if found := _document(blog.read(name), name, source, site, options, report):
                yield found
        except Exception as error:  # noqa: BLE001 - the boundary: one post never stops the rest
            told(report, source, name, error)


def _is_writing(name: str) -> bool:
    path = PurePosixPath(name)
    return path.suffix.lower() in _WRITING and not _MACHINERY.intersection(path.parts[:-1])


def _site(blog: Files, report: Report) -> str:
    if "_config.yml" not in blog.names:
        return ""
    try:
        # BaseLoader knows strings, lists and mappings only, and builds nothing else.
        found = yaml.load(blog.read("_config.yml"), Loader=yaml.BaseLoader)  # noqa: S506
    except (twin.ReadError, yaml.YAMLError, ValueError, RecursionError) as error:
        report.failed("_config.yml", f"it cannot be read: {error}")
        return ""
    url, base = string(found, "url"), string(found, "baseurl").strip("/")
    return f"{url.rstrip('/')}/{base}/" if url and base else url


def _document(
    raw: bytes, name: str, source: str, site: str, options: JekyllOptions, report: Report
) -> LlamaDocument | None:
    is_page = PurePosixPath(name).suffix.lower() in _HTML
    text = decode(raw, Markup.HTML if is_page else Markup.MARKDOWN)
    front = front_matter(text)
    if not front.body:
        report.skipped(name, "it has no front matter, so Jekyll takes it for no post or page")
        return None
    facts = stated_facts(front.values)
    draft = facts.audience is twin.Audience.PRIVATE or "_drafts" in PurePosixPath(name).parts
    if draft and not options.drafts:
        report.skipped(name, "a draft; the option drafts=true reads it")
        return None
    for number, doubt in enumerate(filter(None, [front.problem, *facts.doubts])):
        report.skipped(f"{name} (front matter {number + 1})", doubt)
    body = _RAW.sub("", _QUOTED.sub(_quotation, _HIGHLIGHT.sub(_fenced, text[front.body :])))
    if is_page and _ELEMENT.search(body):
        body = html_markdown(body)
    if not body.strip():
        report.skipped(name, "it has no text")
        return None
    published = facts.published or path_date(name)
    return twin.make_document(
        source=source,
        text=body,
        title=facts.title or heading(body, Markup.MARKDOWN) or name_title(name, "index"),
        author=facts.author or options.author,
        platform="jekyll",
        audience=twin.Audience.PRIVATE if draft else facts.audience or twin.Audience.PUBLIC,
        published_at=published.isoformat() if published else None,
        url=_address(facts, front.values.get("permalink", ""), site),
        language=facts.language,
        tags=tuple(tag.replace(",", " ") for tag in facts.tags),
        media_type="text/html" if is_page else "text/markdown",
        raw=raw,
        **({"description": facts.description} if facts.description else {}),
    )


def _address(facts: Facts, permalink: object, site: str) -> str | None:
    stated = facts.url or ""
    # A pattern such as /:year/:title/ is filled in by Jekyll alone.
    if not stated and site and isinstance(permalink, str) and permalink and ":" not in permalink:
        stated = urljoin(f"{site.rstrip('/')}/", permalink.lstrip("/"))
    try:
        return twin.canonical_url(stated) if stated else None
    except twin.ReadError:
        return None


def _fenced(match: re.Match[str]) -> str:
    fence = "`" * (max(map(len, re.findall("`{3,}", match["code"])), default=2) + 1)
    given = match["given"] if match["tag"] == "highlight" else match["given"].partition("lang:")[2]
    language = _LANGUAGE.match(given)
    name = language["language"] if language else ""
    return f"{fence}{name}\n{match['code'].strip(chr(10))}\n{fence}"


def _quotation(match: re.Match[str]) -> str:
    whose = " ".join(match["whose"].split())
    lines = [*match["words"].splitlines(), *(["", f"— {whose}"] if whose else [])]
    return "\n".join(f"> {line}".rstrip() for line in lines)
