"""A small archive in LinkedIn's own form, for checks and for trying things out.

In: a folder, and which edition. Out: the archive in it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path

_SHARES: Final = "Date,ShareLink,ShareCommentary,SharedUrl,MediaUrl,Visibility"
_FORD: Final = (
    '2024-02-01 08:00:00,{link}102,"One wades the ford in May.""\n""\n""{more}",,,MEMBER_NETWORK'
)
_HERON: Final = "2024-03-01 09:30:00,{link}101,It stood in the weir.,,,MEMBER_NETWORK"
_BRIDGE: Final = "2024-04-01 10:00:00,{link}103,Nobody wades any more.,,,MEMBER_NETWORK"
_LINK: Final = "https://www.linkedin.com/feed/update/urn%3Ali%3Ashare%3A"


def write_sample(root: Path, edition: int = 1) -> Path:
    """Write an archive of two posts below `root`, and return it.

    The second edition lacks the first post, has more to say in the other, and has a new one.
    """
    more = "In June there is no water at all. #rivers" if edition > 1 else "Only then. #rivers"
    rows = [_SHARES, _FORD.format(link=_LINK, more=more)]
    rows.append((_BRIDGE if edition > 1 else _HERON).format(link=_LINK))
    root.mkdir(parents=True, exist_ok=True)
    (root / "Shares.csv").write_text("\n".join([*rows, ""]), encoding="utf-8")
    (root / "Profile.csv").write_text("First Name,Last Name\nAda,Wren\n", encoding="utf-8")
    return root
