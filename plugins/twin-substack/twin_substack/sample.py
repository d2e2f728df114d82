"""A small export in Substack's own form, for checks and for trying things out.

In: a folder, and which edition. Out: the export in it.
"""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path

_COLUMNS: Final = [
    "post_id",
    "post_date",
    "is_published",
    "email_sent_at",
    "type",
    "audience",
    "title",
    "subtitle",
    "podcast_url",
]
_BUTTON: Final = (
    '<p class="button-wrapper"><a class="button primary" '
    'href="https://wren.substack.com/subscribe?"><span>Subscribe now</span></a></p>'
)


def write_sample(root: Path, edition: int = 1) -> Path:
    """Write an export of two posts below `root`, and return it.

    The second edition lacks the first post, has more to say in the other, and has a new one.
    """
    more = "<p>In June there is no water at all.</p>" if edition > 1 else ""
    ford = f'<p>One <em>wades</em> it <a href="https://example.org/ford">in May</a>.</p>{more}'
    posts = {"102.the-ford": ("2024-02-01", "The ford", ford)}
    if edition > 1:
        posts["103.the-bridge"] = ("2024-04-01", "The bridge", "<p>Nobody wades any more.</p>")
    else:
        posts["101.the-heron"] = ("2024-03-01", "The heron", "<p>It stood in the weir.</p>")
    folder = root / "posts"
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.html"):
        old.unlink()
    with (root / "posts.csv").open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(_COLUMNS)
        for key, (date, title, body) in posts.items():
            moment = f"{date}T08:00:00.000Z"
            table.writerow(
                [key, moment, "true", moment, "newsletter", "everyone", title, "In short", ""]
            )
            (folder / f"{key}.html").write_text(f"{body}{_BUTTON}", encoding="utf-8")
    return root
