"""Every error that twin raises on purpose.

In: nothing. Out: one tree, so that a caller can catch as wide or as narrow as it needs::

    TwinError                     message, and a hint that says what to do
    ├── ConfigurationError        wrong settings or usage; the CLI exits with 2
    │   ├── SettingsError         twin.toml or TWIN_*: every mistake with its path
    │   └── UsageError            a command was called with something it cannot use
    ├── PluginError               a plugin could not be loaded, installed or used
    │   └── ConflictError         two providers claim one thing; both are named
    ├── ComponentUnavailable      a component cannot work here (missing weights, extra, key)
    ├── ReadError                 a source, or one item of it, could not be read
    │   └── FetchError            an address could not be fetched
    │       ├── RefusedAddress    it is none of the public web
    │       ├── RobotsRefused     its robots.txt says no
    │       ├── BlockPage         a captcha, login or consent page came in its place
    │       └── TooLarge          it has more bytes than are allowed
    ├── WarehouseError            the documents at rest could not be read or written
    │   └── NotFoundError         no such document, version or author
    ├── IndexError                the vectors could not be read or written
    │   ├── IndexMismatch         the collection was made by another embedder
    │   ├── StoreInUse            another process has the embedded store open
    │   │   └── IndexBusy         it does the same work
    │   └── DiskFull              there is too little room to write it
    ├── ModelError                a language model did not answer as it must
    │   └── ContextOverflow       the conversation is longer than the model reads
    ├── TraceError                the server that watches did not answer as it must
    ├── DatasetError              a set for training could not be made, read or written
    └── TrainingError             a run could not be begun, or did not end well
        └── AxolotlMissing        there is no Axolotl, or one of another version

Only a `TwinError` is shown to a person as ``error:`` and ``hint:``; anything else is a bug and
keeps its traceback.
"""

from collections.abc import Sequence


class TwinError(Exception):
    """What went wrong and what to do about it.

    Args:
        message: one sentence that says what failed and where.
        hint: one sentence that says what to do; empty if there is nothing sensible to say.
    """

    exit_code = 1

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return self.message


class ConfigurationError(TwinError):
    """Wrong settings or wrong usage: nothing was opened or changed."""

    exit_code = 2


class SettingsError(ConfigurationError):
    """Mistakes in twin.toml or in TWIN_* variables.

    Args:
        problems: one line a mistake, each beginning with its path, as in
            ``retrieve.rerankers[0].top_n: must be at least 1``.
        hint: what to do.
    """

    def __init__(self, problems: Sequence[str], hint: str = "") -> None:
        self.problems = tuple(problems)
        count = len(self.problems)
        head = "1 mistake" if count == 1 else f"{count} mistakes"
        lines = "".join(f"\n  {problem}" for problem in self.problems)
        super().__init__(f"{head} in the settings:{lines}", hint)


class UsageError(ConfigurationError):
    """A command was called with something that it cannot use."""


class PluginError(TwinError):
    """A plugin could not be loaded, installed or used."""


class ConflictError(PluginError):
    """Two providers claim the same name, host or file kind."""

    exit_code = 2


class ComponentUnavailable(TwinError):
    """A component is known but cannot work on this machine as it is."""


class ReadError(TwinError):
    """A source, or one item of it, could not be read."""


class FetchError(ReadError):
    """An address could not be fetched.

    Args:
        message: what failed and where.
        hint: what to do.
        status: the HTTP status, None if there was no answer.
    """

    def __init__(self, message: str, hint: str = "", *, status: int | None = None) -> None:
        super().__init__(message, hint)
        self.status = status

    @property
    def gone(self) -> bool:
        """Whether the server says that there is nothing there (any more)."""
        return self.status in {404, 410}


class RefusedAddress(FetchError):
    """The address is none of the public web, or none at all."""


class RobotsRefused(FetchError):
    """The host's robots.txt asks not to fetch the address."""


class BlockPage(FetchError):
    """What came is no page of the author: a captcha, a login, a consent or an empty shell."""


class TooLarge(FetchError):
    """There are more bytes than are allowed."""


class WarehouseError(TwinError):
    """The documents at rest could not be read or written."""


class NotFoundError(WarehouseError):
    """There is no such document, version or author."""


class IndexError(TwinError):
    """The vectors could not be read or written."""


class IndexMismatch(IndexError):
    """The collection was made by another embedder or has another dimension."""

    exit_code = 2


class StoreInUse(IndexError):
    """Another process has the embedded store open."""


class IndexBusy(StoreInUse):
    """Another process is bringing the index in step, so that the work is done."""


class DiskFull(IndexError):
    """There is too little room on the disk."""


class TrainingError(TwinError):
    """A run could not be begun, or did not end well."""


class AxolotlMissing(TrainingError):
    """There is no Axolotl where it should be, or one of a version that twin does not work with."""


class ModelError(TwinError):
    """A language model did not answer as it must."""


class ContextOverflow(ModelError):
    """The conversation is longer than the model reads.

    Args:
        message: what failed and where.
        hint: what to do.
        tokens: of the conversation, None if they could not be counted.
        limit: tokens that the model reads, None if it does not tell.
    """

    def __init__(
        self, message: str, hint: str = "", *, tokens: int | None = None, limit: int | None = None
    ) -> None:
        super().__init__(message, hint)
        self.tokens = tokens
        self.limit = limit


class TraceError(TwinError):
    """The server that watches did not answer as it must."""


class DatasetError(TwinError):
    """A set for training could not be made, read or written; nothing of it is left behind."""
