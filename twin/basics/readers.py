"""The one reader that belongs to the product: the dump of the Handbook project.

In: its folder or file. Out: documents. Every other source is a plugin of its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from twin.components import BuildContext, NoOptions, ReaderComponent
from twin.reading import make_document

if TYPE_CHECKING:
    from llama_index.core.readers.base import BaseReader
    from llama_index.core.schema import Document as LlamaDocument


def _build(options: NoOptions, ctx: BuildContext) -> BaseReader:
    del options
    from llama_index.core.readers.base import BaseReader  # noqa: PLC0415 - heavy

    from twin.warehouse.handbook import read_handbook  # noqa: PLC0415

    class HandbookReader(BaseReader):
        def lazy_load_data(self, *args: Any, **load_kwargs: Any) -> Iterator[LlamaDocument]:
            source = load_kwargs.get("source", args[0] if args else None)
            for document in read_handbook(Path(str(source)).expanduser(), ctx.report):
                yield make_document(
                    source=document.source,
                    text=document.text,
                    title=document.title,
                    author=document.author,
                    kind=document.kind,
                    platform=document.platform,
                    audience=document.audience,
                    published_at=document.published_at,
                    url=document.url,
                    language=document.language,
                    tags=document.tags,
                    media_type=document.media_type,
                    raw=document.raw,
                    **document.extra,
                )

    return HandbookReader()


COMPONENTS = (
    ReaderComponent(
        name="handbook",
        summary="The data warehouse dump of the LLM Engineer's Handbook project",
        options=NoOptions,
        build=_build,
        filenames=("ArticleDocument.json", "PostDocument.json", "RepositoryDocument.json"),
        directories=True,
    ),
)
