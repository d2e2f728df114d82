"""Writers that run as processes of their own: ``mongo_writers.py WHAT URL DATABASE NAME``.

In: what to do. Out: a line on standard output for everything that was acknowledged.
"""

import os
import signal
import sys
from itertools import count
from pathlib import Path

from twin.documents import Document
from twin.warehouse.mongo import MongoWarehouse
from twin.warehouse.mongo_contents import Contents

TURNS = 25


def piece(name: str, text: str = "text") -> Document:
    return Document(source=f"file:notes/{name}", text=text)


def without_end(url: str, database: str, name: str) -> None:
    """Write one document after the other, until a file of that name is there."""
    with MongoWarehouse(url, database, patience=90.0) as warehouse:
        for number in count(1):
            if Path(name).exists():
                return
            each = f"child-{number}"
            warehouse.put(piece(each, each), collection="c")
            sys.stdout.write(f"{number}\n")
            sys.stdout.flush()


def many(url: str, database: str, name: str) -> None:
    """Write some documents, and each time a new version of one that all writers write."""
    with MongoWarehouse(url, database) as warehouse:
        for number in range(TURNS):
            each = f"{name}-{number}"
            warehouse.put_many([piece(each), piece("shared", each)], collection="c")


def half(url: str, database: str, name: str) -> None:
    """Die when the first texts of a batch have reached the server."""
    sent = Contents.flush

    def flush(contents: Contents) -> None:
        sent(contents)
        os.kill(os.getpid(), signal.SIGKILL)

    Contents.flush = flush  # type: ignore[method-assign]
    with MongoWarehouse(url, database) as warehouse:
        batch = [piece(f"{name}-{number}", "x" * 1_000_000) for number in range(10)]
        warehouse.put_many(batch, collection="c")


if __name__ == "__main__":
    {"without-end": without_end, "many": many, "half": half}[sys.argv[1]](*sys.argv[2:])
