"""Everything that a command imports on its way, imported once, before anything is forked.

In: nothing. Out: a process that has the product loaded and has started no thread and opened no
file, of which a victim is forked within milliseconds.
"""

from importlib import import_module

from twin.testing.fakes import hash_embedding

MODULES = (
    *(f"twin.cli.{name}" for name in ("forget", "index", "ingest", "search", "sync")),
    "twin.index.cache",
    "twin.index.embedder",
    "twin.index.ledger",
    "twin.index.replace",
    "twin.index.shared_store",
    "twin.index.sparse",
    "twin.ingest.checking",
    "twin.ingest.engines",
    "twin.ingest.intake",
    "twin.retrieve.retriever",
    "twin.warehouse.mongo",
    "twin.warehouse.sqlite",
    "twin.basics.articles",
    "twin_files.reader",
    "tests.crash.embedders",
    "tests.crash.victim",
    "tests.crash.aftermath",
)

for module in MODULES:
    import_module(module)
hash_embedding()
