"""Readers as strangers write them: subclasses of LlamaIndex's own, given documents to load."""

from __future__ import annotations

import os
from typing import Any

from llama_index.core.readers.base import BaseReader
from llama_index.core.schema import Document


class Given(BaseReader):
    """Loads what it is given."""

    def __init__(self, documents: list[dict[str, Any]], token: str = "") -> None:
        self._documents = documents
        self.token = token

    def load_data(self, url: str = "") -> list[Document]:
        """Return the documents."""
        made = [Document(**one) for one in self._documents]
        for one in made:
            if self.token:
                one.metadata["saw"] = str(len(self.token))
            if url:
                one.metadata["asked"] = url
        return made


class Lazy(BaseReader):
    """Loads one after the other, without end."""

    def lazy_load_data(self, url: str) -> Any:
        """Yield documents."""
        number = 0
        while True:
            number += 1
            yield Document(text=f"Number {number}.", metadata={"url": f"{url}/{number}"})


class Breaks(BaseReader):
    """Raises."""

    def load_data(self, url: str) -> list[Document]:
        """Raise."""
        message = f"no answer from {url}"
        raise RuntimeError(message)


class Lacks(BaseReader):
    """Needs what is not installed."""

    def load_data(self, url: str) -> list[Document]:
        """Import it."""
        import no_such_package_as_this

        return no_such_package_as_this.load(url)


class Odd(BaseReader):
    """Takes the source nowhere."""

    def load_data(self, spelling: str) -> list[Document]:
        """Return a document."""
        return [Document(text=f"It says {os.path.basename(spelling)}.")]  # noqa: PTH119
