"""A small export in Medium's own form, for checks and for trying things out.

In: a folder, and which edition. Out: the export in it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path

_POST: Final = """<!DOCTYPE html><html><head><meta charset="utf-8"><title>{title}</title></head><body>
<article class="h-entry"><header><h1 class="p-name">{title}</h1></header>
<section data-field="subtitle" class="p-summary">{title}, in short</section>
<section data-field="body" class="e-content"><section class="section section--first">
<div class="section-divider"><hr class="section-divider"></div>
<div class="section-content"><div class="section-inner">
<h3 class="graf graf--h3 graf--title">{title}</h3>{body}</div></div></section></section>
<footer><p class="p-tags">Tagged in <a href="https://medium.com/tag/birds" class="p-tag">Birds</a></p>
<p>By <a href="https://medium.com/@ada" class="p-author h-card">Ada Wren</a> on
<a href="https://medium.com/p/{number}"><time class="dt-published" datetime="{date}">then</time></a>.</p>
<p><a href="https://medium.com/@ada/{slug}-{number}" class="p-canonical">Canonical link</a></p>
<p>Exported from <a href="https://medium.com">Medium</a> on May 1, 2024.</p></footer>
</article></body></html>
"""


def write_sample(root: Path, edition: int = 1) -> Path:
    """Write an export of two stories and a draft below `root`, and return it.

    The second edition lacks the first story, has more to say in the other, and has a new one.
    """
    ford = (
        '<p class="graf">One <em>wades</em> it <a href="https://example.org/ford">in May</a>.</p>'
    )
    more = '<p class="graf">In June there is no water at all.</p>' if edition > 1 else ""
    posts = {"The ford": ("2024-02-01", "aaaa1111bbbb", ford + more)}
    if edition > 1:
        posts["The bridge"] = ("2024-04-01", "cccc2222dddd", "<p>Nobody wades any more.</p>")
    else:
        posts["The heron"] = ("2024-03-01", "eeee3333ffff", "<p>It stood in the weir.</p>")
    folder = root / "posts"
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.html"):
        old.unlink()
    for title, (date, number, body) in posts.items():
        slug = title.lower().replace(" ", "-")
        html = _POST.format(
            title=title, body=body, number=number, slug=slug, date=f"{date}T08:00:00.000Z"
        )
        name = f"{date}_{title.replace(' ', '-')}-{number}.html"
        (folder / name).write_text(html, encoding="utf-8")
    return root
