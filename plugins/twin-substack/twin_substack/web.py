"""The public archive of a newsletter.

In: the address of a newsletter, or of one of its posts. Out: documents of what everyone may read,
from the JSON that the site's own pages are made of. What is for subscribers is only in the export.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, urlsplit

import twin
from twin.errors import FetchError
from twin_files.dates import stated_date
from twin_substack.markup import post_markdown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from llama_index.core.schema import Document as LlamaDocument

    from twin.fetch.fetched import Fetched
    from twin_substack.options import SubstackOptions

PAGE: Final = 50
"""Posts that are asked for at once; the site gives no more."""

_JSON: Final = "application/json"


def web_posts(
    source: str, options: SubstackOptions, ctx: twin.BuildContext
) -> Iterator[LlamaDocument]:
    """Yield the posts at an address: that of one post, or all of the newsletter.

    Raises:
        FetchError: if the address cannot be fetched.
        ReadError: if no newsletter is there.
    """
    parts = urlsplit(source)
    home = f"{parts.scheme}://{parts.netloc}"
    steps = parts.path.strip("/").split("/")
    if parts.netloc.lower() in {"substack.com", "www.substack.com", "open.substack.com"}:
        message = f"{source}: it is an address of Substack itself, and of no newsletter"
        raise twin.ReadError(message, "a newsletter's is like https://name.substack.com")
    if len(steps) > 1 and steps[-2] == "p":
        found = ctx.get_client().get(_post_address(home, steps[-1]), accept=_JSON)
        yield _document(_object(found), found.body, options)
        return
    listed = _listed(source, home, options, ctx)
    wanted = {_post_address(home, str(post["slug"])): _address(post, home) for post in listed}
    for url, answer in ctx.get_client().many(wanted, accept=_JSON):
        if isinstance(answer, FetchError):
            told = ctx.report.skipped if answer.gone else ctx.report.failed
            told(wanted[url], answer.message)
            continue
        try:
            yield _document(_object(answer), answer.body, options)
        except twin.ReadError as error:
            ctx.report.failed(wanted[url], error.message)
        except Exception as error:  # noqa: BLE001 - the boundary: one post never stops the rest
            ctx.report.failed(wanted[url], f"{type(error).__name__}: {error}")


def _listed(
    source: str, home: str, options: SubstackOptions, ctx: twin.BuildContext
) -> list[dict[str, Any]]:
    """Return the public posts that the archive lists."""
    client = ctx.get_client()
    posts: list[dict[str, Any]] = []
    seen: set[str] = set()
    while True:
        url = f"{home}/api/v1/archive?sort=new&offset={len(seen)}&limit={PAGE}"
        try:
            page = json.loads(client.get(url, accept=_JSON).body)
            if not isinstance(page, list):
                message = f"{source}: there is no archive of a newsletter"
                raise twin.ReadError(message, "is it one of Substack?")
        except (ValueError, FetchError) as error:
            if not seen:
                message = f"{source}: its archive cannot be read: {error}"
                raise twin.ReadError(message, "is it a newsletter of Substack?") from error
            # The posts that follow may still be there.
            ctx.report.failed(".", f"{url}: {error}")
            return posts
        new = [p for p in page if isinstance(p, dict) and p.get("slug") and p["slug"] not in seen]
        room = options.limit - len(seen)
        for post in new[:room]:
            seen.add(post["slug"])
            if post.get("audience") in {None, "everyone"}:
                posts.append(post)
            else:
                reason = "only for subscribers; the newsletter's export has it"
                ctx.report.skipped(_address(post, home), reason)
        if len(new) > room:
            remark = f"it has more than {options.limit:,} posts; raise the limit"
            ctx.report.failed(".", f"{source}: {remark}")
            return posts
        if not new:
            return posts


def _document(post: dict[str, Any], raw: bytes, options: SubstackOptions) -> LlamaDocument:
    source = twin.canonical_url(str(post.get("canonical_url") or ""))
    if post.get("audience") not in {None, "everyone"}:
        message = "only for subscribers"
        raise twin.ReadError(message, "the newsletter's export has it")
    title = " ".join(str(post.get("title") or "").split())
    text, others = post_markdown(str(post.get("body_html") or ""), title)
    bylines = post.get("publishedBylines")
    names = [str(b.get("name") or "") for b in bylines or [] if isinstance(b, dict)]
    tags = [str(t.get("name") or "") for t in post.get("postTags") or [] if isinstance(t, dict)]
    moment = stated_date(str(post.get("post_date") or ""))
    what = str(post.get("type") or "newsletter")
    extra = {
        "substack_id": str(post.get("id") or ""),
        "substack_what": what,
        "description": str(post.get("subtitle") or ""),
        "podcast_url": str(post.get("podcast_url") or ""),
        "authors": ", ".join(names) if len(names) > 1 else "",
        **others,
    }
    return twin.make_document(
        source=source,
        text=text,
        title=title,
        author=next(filter(None, names), "") or options.author,
        kind=twin.Kind.POST if what == "thread" else twin.Kind.ARTICLE,
        platform="substack",
        audience=twin.Audience.PUBLIC,
        published_at=moment.isoformat() if moment else None,
        url=source,
        tags=tuple(tag for tag in tags if tag),
        media_type="application/json",
        raw=raw,
        **{key: value for key, value in extra.items() if value},
    )


def _object(found: Fetched) -> dict[str, Any]:
    try:
        post = json.loads(found.body)
    except ValueError as error:
        message = f"{found.asked}: it is no JSON"
        raise twin.ReadError(message) from error
    if not isinstance(post, dict):
        message = f"{found.asked}: it is no post"
        raise twin.ReadError(message)
    return post


def _address(post: dict[str, Any], home: str) -> str:
    stated = str(post.get("canonical_url") or f"{home}/p/{post['slug']}")
    try:
        return twin.canonical_url(stated)
    except twin.ReadError:
        return twin.canonical_url(f"{home}/p/{post['slug']}")


def _post_address(home: str, slug: str) -> str:
    return f"{home}/api/v1/posts/{quote(slug, safe='')}"
