"""WordPress, Jekyll and Ghost."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import twin

Read = Callable[..., Any]

HEAD = """<?xml version="1.0" encoding="UTF-8"?>{doctype}
<rss xmlns:excerpt="http://wordpress.org/export/1.2/excerpt/"
 xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:dc="http://purl.org/dc/elements/1.1/"
 xmlns:wp="http://wordpress.org/export/1.2/"><channel><title>Fen</title>
<link>https://fen.example</link>{items}</channel></rss>"""


def item(number: int, content: str, **more: str) -> str:
    values = {
        "title": f"Item {number}",
        "link": f"https://fen.example/item-{number}/",
        "dc:creator": "ada",
        "content:encoded": f"<![CDATA[{content}]]>",
        "wp:post_id": str(number),
        "wp:post_date": "2024-03-01 09:00:00",
        "wp:post_date_gmt": "2024-03-01 08:00:00",
        "wp:status": "publish",
        "wp:post_type": "post",
        **{key.replace("_", ":", 1): value for key, value in more.items()},
    }
    return "<item>" + "".join(f"<{k}>{v}</{k}>" for k, v in values.items()) + "</item>"


def export(folder: Path, *items: str, doctype: str = "") -> Path:
    place = folder / "blog.xml"
    place.write_text(HEAD.format(doctype=doctype, items="".join(items)), "utf-8")
    return place


def test_wordpress_an_item_whose_link_is_none_is_known_by_its_number(
    read: Read, tmp_path: Path
) -> None:
    found = read(
        "wordpress", export(tmp_path, item(7, "One.", link="https://[draft]/a"), item(8, "Two."))
    )
    assert set(found.documents) == {"wordpress:fen.example/7", "https://fen.example/item-8"}


def test_wordpress_text_of_both_editors(read: Read, tmp_path: Path) -> None:
    classic = (
        'First <em>line</em>\nand second.\n\nNext &amp; last. [gallery ids="1,2"]\n\n'
        '[code language="python"]if a < b:\n\n    print(1)[/code]\n\n[embed]https://v.example/1[/embed]'
    )
    blocks = (
        '<!-- wp:paragraph --><p>One <a href="/x">link</a>.</p><!-- /wp:paragraph -->'
        '<!-- wp:code --><pre class="wp-block-code"><code lang="go">a := 1</code></pre>'
        '<iframe src="https://v.example/2"></iframe><script>alert(1)</script>'
    )
    found = read("wordpress", export(tmp_path, item(1, classic), item(2, blocks)))
    texts = [document.text for document in found.documents.values()]
    assert texts[0] == (
        "First *line*  \nand second.\n\nNext & last.\n\n```python\nif a < b:\n\n    print(1)\n```\n\n"
        "<https://v.example/1>"
    )
    assert texts[1] == (
        "One [link](https://fen.example/x).\n\n```\na := 1\n```\n\n<https://v.example/2>"
    )


def test_wordpress_paragraphs_beside_tags_and_code_as_it_was_typed(
    read: Read, tmp_path: Path
) -> None:
    # The older editor writes out the paragraphs that are set apart, and no others.
    mixed = (
        'One.\n\n<p style="text-align: center">Two.</p>\n\nThree.\n\nFour:\n<ul>\n<li>a</li>\n</ul>'
        '\n\n<div class="x">\n\nFive.\n\n</div>\n\n<pre>a\n\n  b</pre>\n\nSix.'
    )
    code = (
        "[html]\n<p>&lt;b&gt;</p>\n\n  <i>[/html]\n\n[python gutter='false']\nif a:\n    b\n[/python]\n\n"
        "[code lang=js]a &amp;&amp; b &lt; c[/code]"
    )
    quoted = 'So says Bob:\n\n[quote author="Bob"]They are\n\n<em>wet</em>.[/quote]\n\nTrue.'
    place = export(tmp_path, item(1, mixed), item(2, code), item(3, quoted))
    found = read("wordpress", place)
    texts = [document.text for document in found.documents.values()]
    assert [" ".join(part.split()) for part in texts[0].split("\n\n")] == [
        *("One.", "Two.", "Three.", "Four:", "- a", "Five."),
        *("``` a", "b ```", "Six."),
    ]
    assert texts[1] == (
        "```html\n<p>&lt;b&gt;</p>\n\n  <i>\n```\n\n```python\nif a:\n    b\n```\n\n"
        "```js\na && b < c\n```"
    )
    assert texts[2] == "So says Bob:\n\n> They are\n>\n> *wet*.\n\nTrue."


def test_wordpress_status_time_and_readers_comments(read: Read, tmp_path: Path) -> None:
    comment = "<wp:comment><wp:comment_content>Lovely!</wp:comment_content></wp:comment>"
    talked = item(6, "<p>Talked about</p>").replace("</item>", f"{comment}{comment}</item>")
    unset = {"wp_post_date_gmt": "0000-00-00 00:00:00", "wp_status": "draft", "link": ""}
    place = export(
        tmp_path,
        item(1, "<p>Hidden</p>", wp_status="private"),
        item(2, "<p>Locked</p>", wp_post_password="x"),
        item(3, "<p>Draft</p>", **unset),
        item(4, "<p>Gone</p>", wp_status="trash"),
        item(5, "&nbsp;"),
        talked,
    )
    found = read("wordpress", place, drafts=True)
    by_title = {d.title: d for d in found.documents.values()}
    assert {t: d.audience.value for t, d in by_title.items()} == {
        "Item 1": "private",
        "Item 2": "private",
        "Item 3": "private",
        "Item 6": "public",
    }
    assert by_title["Item 3"].source == "wordpress:fen.example/3"
    assert by_title["Item 3"].published_at == "2024-03-01"
    assert by_title["Item 6"].published_at == "2024-03-01T08:00:00+00:00"
    assert found.ledger.reason("blog.xml 4") == "its status is trash"
    assert found.ledger.reason("blog.xml 5") == "it has no text"
    assert found.ledger.reason("blog.xml 6 (comments)") == "2 comments of readers"


LAUGHS = '<!DOCTYPE rss [<!ENTITY a "lol"><!ENTITY b "&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;">]>'


def test_wordpress_refuses_entities(read: Read, tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("the secret", "utf-8")
    outside = f'<!DOCTYPE rss [<!ENTITY c SYSTEM "file://{tmp_path}/secret.txt">]>'
    for doctype in (LAUGHS, outside, '<!DOCTYPE rss SYSTEM "https://evil.example/x.dtd">'):
        place = export(tmp_path, item(1, "<p>Fine</p>", title="&c;"), doctype=doctype)
        with pytest.raises(twin.ReadError, match="document type"):
            read("wordpress", place)


def test_wordpress_damage_is_told_and_a_bare_ampersand_is_none(read: Read, tmp_path: Path) -> None:
    place = export(
        tmp_path,
        item(1, "<p>Fine</p>", title="Tea & cake&nbsp;&ndash; AT&amp;T"),
        item(2, "<p>Two</p>"),
    )
    found = read("wordpress", place)
    titles = [document.title for document in found.documents.values()]
    assert titles == ["Tea & cake – AT&T", "Item 2"]
    assert not found.ledger.failures
    place.write_text(place.read_text("utf-8")[:-120], "utf-8")
    found = read("wordpress", place)
    assert "https://fen.example/item-1" in found.documents
    # Nothing may count as gone.
    assert [item for item, _ in found.ledger.failures] == ["."]


def test_wordpress_a_file_in_a_folder_never_stops_the_rest(read: Read, tmp_path: Path) -> None:
    export(tmp_path, item(1, "<p>Fine</p>"))
    (tmp_path / "bad.xml").write_text("no xml", "utf-8")
    (tmp_path / "evil.xml").write_text(HEAD.format(doctype=LAUGHS, items=""), "utf-8")
    found = read("wordpress", tmp_path)
    assert found.only.text == "Fine"
    assert [item for item, _ in found.ledger.failures] == [".", "."]


def test_jekyll_reads_code_drafts_and_addresses(read: Read, tmp_path: Path) -> None:
    root = tmp_path / "blog"
    files = {
        "_config.yml": "url: https://fen.example\nbaseurl: /log\n",
        "_posts/2024-03-01-weir.md": "---\ntitle: Weir\npermalink: /weir/\ntags: [a, b]\n---\n"
        "See:\n{% highlight ruby %}\nputs 1\n{% endhighlight %}\n",
        "_posts/2024-03-02-html.html": "---\ntitle: Page\n---\n<p>Some <b>bold</b></p>",
        "_drafts/later.md": "---\ntitle: Later\n---\nNot yet.\n",
        "_layouts/default.html": "<html></html>",
        "README.md": "No front matter.\n",
        "_posts/2024-03-03-bad.md": b"---\ntitle: Bad\n---\n\xff\xfe\x00",
    }
    for name, content in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        raw = content if isinstance(content, bytes) else content.encode()
        (root / name).write_bytes(raw)
    found = read("jekyll", root)
    weir = found.documents["file:blog/_posts/2024-03-01-weir.md"]
    assert weir.text == "See:\n```ruby\nputs 1\n```\n"
    assert (weir.url, weir.published_at, weir.tags) == (
        "https://fen.example/log/weir",
        "2024-03-01",
        ("a", "b"),
    )
    assert found.documents["file:blog/_posts/2024-03-02-html.html"].text == "Some **bold**"
    assert len(found.documents) == 2
    assert [item for item, _ in found.ledger.failures] == ["file:blog/_posts/2024-03-03-bad.md"]
    assert {item for item, _ in found.ledger.skips} == {
        "_config.yml",
        "_drafts/later.md",
        "_layouts/default.html",
        "README.md",
    }
    later = read("jekyll", root, drafts=True).documents["file:blog/_drafts/later.md"]
    assert later.audience is twin.Audience.PRIVATE


def test_jekyll_tags_around_code_leave_it_whole(read: Read, tmp_path: Path) -> None:
    body = (
        "```yaml\n{% raw %}run: ${{ x }}{% endraw %}\n```\n\n"
        "{% raw %}\n```liquid\n{{ y }}\n```\n{% endraw %}\n"
        "{% highlight md linenos %}\n```\nz\n```\n{% endhighlight %}\n"
        "{% codeblock A title lang:js %}\na\n\n  b\n{% endcodeblock %}\n"
        "{% blockquote Bob, On weirs https://bob.example %}\nThey are wet.\n\nVery.\n{% endblockquote %}\n"
    )
    root = tmp_path / "blog" / "_posts"
    root.mkdir(parents=True)
    (root / "2024-03-01-a.md").write_text(f"---\ntitle: A\n---\n{body}", "utf-8")
    assert read("jekyll", root.parent).only.text == (
        "```yaml\nrun: ${{ x }}\n```\n\n```liquid\n{{ y }}\n```\n````md\n```\nz\n```\n````\n"
        "```js\na\n\n  b\n```\n"
        "> They are wet.\n>\n> Very.\n>\n> — Bob, On weirs https://bob.example\n"
    )


def ghost_export(folder: Path, *posts: dict[str, Any]) -> Path:
    whole = []
    authors = []
    for number, post in enumerate(posts):
        base = {
            "id": f"6{number}",
            "uuid": f"u{number}",
            "title": f"Item {number}",
            "slug": f"item-{number}",
            "mobiledoc": None,
            "lexical": '{"root":{}}',
            "html": "<p>Text</p>",
            "type": "post",
            "status": "published",
            "visibility": "public",
            "created_at": "2024-02-01T00:00:00.000Z",
            "published_at": "2024-03-01T08:00:00.000Z",
        }
        author = post.pop("author", "1")
        whole.append(base | post)
        authors.append({"id": "x", "post_id": f"6{number}", "author_id": author, "sort_order": 0})
    data = {
        "posts": whole,
        "posts_authors": authors,
        "users": [
            {"id": "1", "name": "Ada Wren", "slug": "ada", "email": "ada@fen.example"},
            {"id": "2", "name": "Bob", "slug": "bob", "email": "bob@fen.example"},
        ],
        "tags": [{"id": "t1", "name": "Birds"}, {"id": "t2", "name": "#internal"}],
        "posts_tags": [
            {"post_id": "60", "tag_id": "t2", "sort_order": 1},
            {"post_id": "60", "tag_id": "t1", "sort_order": 0},
        ],
    }
    place = folder / "fen.ghost.json"
    meta = {"exported_on": 1714550400000, "version": "5.82.2"}
    place.write_text(json.dumps({"db": [{"meta": meta, "data": data}]}), "utf-8")
    return place


def test_ghost_reads_posts_authors_and_audiences(read: Read, tmp_path: Path) -> None:
    place = ghost_export(
        tmp_path,
        {"html": '<p>See <a href="__GHOST_URL__/about/">here</a></p>'},
        {"author": "2", "visibility": "paid"},
        {"status": "draft"},
        {"html": None, "plaintext": "Plain words"},
        {"html": None},
        {"html": "", "lexical": None},
        {"type": "page", "canonical_url": "https://else.example/page/"},
    )
    found = read("ghost", place, site="https://fen.example/")
    first = found.documents["ghost:u0"]
    assert first.text == "See [here](https://fen.example/about/)"
    assert (first.author, first.tags, first.url) == (
        "Ada Wren",
        ("Birds",),
        "https://fen.example/item-0",
    )
    assert first.published_at == "2024-03-01T08:00:00+00:00"
    paid = found.documents["ghost:u1"]
    assert (paid.author, paid.audience) == ("Bob", twin.Audience.FRIENDS)
    assert found.documents["ghost:u3"].text == "Plain words"
    assert found.documents["ghost:u6"].url == "https://else.example/page"
    assert set(found.documents) == {"ghost:u0", "ghost:u1", "ghost:u3", "ghost:u6"}
    assert [item for item, _ in found.ledger.failures] == ["ghost:u4"]
    assert found.ledger.reason("item-2").startswith("its status is draft")
    assert found.ledger.reason("item-5") == "it has no text"
    mine = read("ghost", place, me="ada@fen.example", drafts=True)
    assert "ghost:u1" not in mine.documents
    assert mine.documents["ghost:u2"].audience is twin.Audience.PRIVATE
    assert mine.ledger.reason("item-1") == "by Bob, which is not you"


def test_ghost_shows_another_page_as_a_link(read: Read, tmp_path: Path) -> None:
    card = (
        '<figure class="kg-card kg-bookmark-card"><a class="kg-bookmark-container" '
        'href="https://bob.example/x"><div><div class="kg-bookmark-title">On weirs</div><div '
        'class="kg-bookmark-description">Weirs, says Bob, are wet.</div></div></a>'
        "<figcaption>Worth it</figcaption></figure>"
    )
    found = read("ghost", ghost_export(tmp_path, {"html": f"<p>See:</p>{card}"})).only
    assert found.text == "See:\n\n[On weirs](https://bob.example/x)\n\nWorth it"


def test_ghost_says_what_is_no_export(read: Read, tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text('{"a": 1}', "utf-8")
    with pytest.raises(twin.ReadError, match="no export of Ghost"):
        read("ghost", tmp_path / "a.json")
