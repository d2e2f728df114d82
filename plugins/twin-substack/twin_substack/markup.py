"""From Substack's markup to Markdown.

In: the HTML of a post's body. Out: Markdown with the author's links, emphasis, code and footnotes.
What asks for subscriptions goes; posts of others become quotations that say whose they are.
"""

from __future__ import annotations

import json
import re
from typing import Any, Final

from bs4 import BeautifulSoup, Tag

import twin
from twin_files.pages import markdown

_BOILERPLATE: Final = """
.button-wrapper, .captioned-button-wrap, .subscription-widget-wrap, .subscription-widget,
.subscription-widget-wrap-editor, .subscribe-widget, .subscribe-footer, .share-dialog, .post-ufi,
.paywall, .paywall-jump, .install-substack-app-embed, .community-chat, .directMessage,
.sponsorship-campaign-embed, .poll-embed, .native-audio-embed, .native-video-embed,
.image-link-expand, .header-anchor-parent, .hide-text, [data-component-name*=Subscribe],
[data-component-name=ButtonCreateButton]
""".strip()
_QUOTED: Final = ".tweet, .twitter-embed, .bluesky-wrap, .comment"
_EDGES: Final = re.compile(r"\A(?:\s*---\n)+|(?:\n---\s*)+\Z")


def post_markdown(source: str, title: str) -> tuple[str, dict[str, str]]:
    """Return the text of a post, and what a document's `extra` must say of the words of others.

    Args:
        source: the HTML of the body.
        title: the post's; it goes where it is repeated on top of the body.
    """
    soup = BeautifulSoup(source, "html.parser")
    others = twin.Others()
    for found in soup.select(_BOILERPLATE):
        found.decompose()
    for found in soup.select(_QUOTED):
        if not found.decomposed:
            _become_text(found, _quotation(found, others))
    _mend_embeds(soup)
    _mend_footnotes(soup)
    for formula in soup.select(".latex-rendered"):
        _become_text(formula, f"$${_attributes(formula).get('persistentExpression', '')}$$")
    for quotation in soup.select("div.pullquote"):
        quotation.name = "blockquote"
    _mend_pictures_and_links(soup)
    _drop_title(soup, title)
    for empty in soup.find_all(["p", "h1", "h2", "h3", "h4", "h5", "h6"]):
        if not empty.get_text(strip=True) and empty.find("img") is None:
            empty.decompose()
    text = _EDGES.sub("", markdown(soup).replace("\xa0", " ")).strip()
    return others.woven(f"{text}\n" if text else "")


def _mend_pictures_and_links(soup: BeautifulSoup) -> None:
    for picture in soup.find_all("img"):
        # A picture that nobody described has no words.
        if not str(picture.get("alt") or "").strip():
            picture.decompose()
    for link in soup.find_all("a"):
        if link.find("img") is not None:
            link.unwrap()
        elif not link.get_text(strip=True):
            link.decompose()
        else:
            link.attrs = {"href": str(link.get("href") or "")}


def _drop_title(soup: BeautifulSoup, title: str) -> None:
    first = soup.find(["h1", "h2", "h3", "p"])
    if isinstance(first, Tag) and first.name != "p" and _plain(first.get_text()) == _plain(title):
        first.decompose()


def _quotation(embed: Tag, others: twin.Others) -> str:
    """Return what stands for a post of another; a link where its words are not in the page."""
    stated = _attributes(embed)
    inner = stated.get("comment")
    values = {**stated, **(inner if isinstance(inner, dict) else {})}
    texts = (values.get(key) for key in ("full_text", "text", "body"))
    shown = embed.select_one(".tweet-text, .comment-body")
    words = next((str(t) for t in texts if t), shown.get_text("\n", strip=True) if shown else "")
    handle = str(values.get("username") or values.get("authorHandle") or "")
    name = str(values.get("name") or values.get("authorName") or "")
    link = embed.find("a", href=True)
    address = str(values.get("url") or (link["href"] if isinstance(link, Tag) else ""))
    if not words:
        return address
    who = f"{name} (@{handle})" if name and handle else name or (f"@{handle}" if handle else "")
    return others.quote(words, who, address if address.startswith("http") else "")


def _mend_embeds(soup: BeautifulSoup) -> None:
    """Let cards of other pages be links: their summaries are not of this post."""
    for embed in soup.select("[data-attrs]"):
        if embed.name in {"a", "img", "p"} or not embed.get("class"):
            continue
        stated = _attributes(embed)
        kinds = " ".join(embed.get_attribute_list("class"))
        if not re.search(r"-(?:wrap|embed|wrapper)\b|\bimage-gallery", kinds):
            continue
        if "youtube" in kinds and stated.get("videoId"):
            address = f"https://www.youtube.com/watch?v={stated['videoId']}"
        elif "vimeo" in kinds and stated.get("videoId"):
            address = f"https://vimeo.com/{stated['videoId']}"
        else:
            links = (stated.get(key) for key in ("canonical_url", "url", "base_url"))
            address = next((str(link) for link in links if link), "")
        if not address.startswith(("https://", "http://")):
            continue
        label = str(stated.get("title") or stated.get("name") or "").strip()
        link = soup.new_tag("a", href=address)
        link.string = label or address
        paragraph = soup.new_tag("p")
        paragraph.append(link)
        embed.replace_with(paragraph)


def _mend_footnotes(soup: BeautifulSoup) -> None:
    for anchor in soup.select("a.footnote-anchor"):
        anchor.replace_with(f"[^{anchor.get_text(strip=True)}]")
    for note in soup.select("div.footnote"):
        number = note.select_one(".footnote-number")
        mark = number.get_text(strip=True) if number is not None else ""
        if number is not None:
            number.decompose()
        body = note.select_one("p")
        if mark and body is not None:
            body.insert(0, f"[^{mark}]: ")
            note.unwrap()


def _become_text(tag: Tag, text: str) -> None:
    if text:
        tag.name, tag.attrs = "p", {}
        tag.clear()
        tag.append(text)
    else:
        tag.decompose()


def _attributes(tag: Tag) -> dict[str, Any]:
    try:
        found = json.loads(str(tag.get("data-attrs") or "{}"))
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _plain(text: str) -> str:
    return "".join(c for c in text.casefold() if c.isalnum())
