"""What was fetched.

In: the answer of a server, or what is kept of an earlier one. Out: `Fetched`.
"""

from dataclasses import dataclass
from functools import cached_property

from twin.fetch.charsets import decoded


@dataclass(frozen=True, kw_only=True)
class Fetched:
    """The body that an address led to.

    Attributes:
        asked: the address that was asked for.
        url: where it was found, after all redirects.
        body: the bytes, unpacked.
        content_type: the header, empty if there was none.
        fetched_at: when these bytes came, in seconds since 1970.
        changed: whether they came now; False if the server said that they are still the same.
    """

    asked: str
    url: str
    body: bytes
    content_type: str
    fetched_at: float
    changed: bool = True

    @property
    def media_type(self) -> str:
        """The media type in lower case, without its parameters."""
        return self.content_type.partition(";")[0].strip().lower()

    @property
    def is_page(self) -> bool:
        """Whether it is HTML, by its media type or, where none is stated, by its beginning."""
        if self.media_type:
            return self.media_type in {"text/html", "application/xhtml+xml"}
        return self.body[:500].lstrip().lower().startswith((b"<!doctype html", b"<html"))

    @cached_property
    def text(self) -> str:
        """The body as text, in the charset that it states or seems to have."""
        return decoded(self.body, self.content_type)[0]
