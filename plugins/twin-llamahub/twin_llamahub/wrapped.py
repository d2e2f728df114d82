"""The reader of LlamaIndex: found by its name, made, and called.

In: options and a source. Out: what it loads, one after the other; an error with its name otherwise.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

import twin

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from llama_index.core.readers.base import BaseReader

    from twin_llamahub.options import HubOptions

WEB: Final = "llama_index.readers.web"

_NAMES: Final = (
    "url",
    "urls",
    "base_url",
    "sitemap_url",
    "root_url",
    "feed_url",
    "start_url",
    "input_dir",
    "input_files",
    "input_path",
    "folder_path",
    "directory",
    "path",
    "file_path",
    "file",
    "texts",
    "spider",
)
"""Arguments that take the source, likeliest first."""

_MANY: Final = frozenset({"urls", "input_files", "texts"})
"""Those of them that take several."""

_VARIABLE: Final = re.compile(r"env:([A-Za-z_]\w*)")


def reader_class(name: str) -> type[BaseReader]:
    """Return the class that a name stands for.

    Raises:
        ConfigurationError: if it is no name of a reader.
        ComponentUnavailable: if its package is not installed; with how to install it.
    """
    from llama_index.core.readers.base import BaseReader  # noqa: PLC0415 - heavy

    package, colon, wanted = name.partition(":")
    if colon:
        module = re.sub(r"^llama[_-]index[_-]readers[_-]", "llama_index.readers.", package)
        module = module.replace("-", "_")
    else:
        module, _, wanted = name.rpartition(".")
        module = module or WEB
    if not wanted.isidentifier() or not all(part.isidentifier() for part in module.split(".")):
        message = f"{name!r} names no reader"
        raise twin.ConfigurationError(message, "as in reader=SimpleWebPageReader")
    try:
        found = getattr(import_module(module), wanted, None)
    except ImportError as error:
        raise _missing(module, error) from error
    except Exception as error:
        # Whatever a package does when it is imported.
        message = f"{module} cannot be imported: {type(error).__name__}: {error}"
        raise twin.ComponentUnavailable(message, "is it made for this llama-index-core?") from error
    if not (isinstance(found, type) and issubclass(found, BaseReader)):
        message = f"{module} has no reader {wanted!r}"
        raise twin.ConfigurationError(message, "is its name spelt as in its documentation?")
    return found


def _missing(module: str, error: ImportError) -> twin.ComponentUnavailable:
    lacking = error.name or module
    parts = module.split(".")
    own = parts[:2] == ["llama_index", "readers"] and len(parts) > 2  # noqa: PLR2004 - and a name
    package = f"llama-index-readers-{parts[2].replace('_', '-')}" if own else parts[0]
    if own and module.startswith(lacking):
        message = f"the package {package} is not installed"
    else:
        message = f"{module} cannot be imported: {error}"
        package = package if own else lacking.partition(".")[0].replace("_", "-")
    hint = f"python -m pip install {package}"
    if package == "llama-index-readers-web":
        hint += " (it brings some 50 packages along; twin's own `web` reads pages without it)"
    return twin.ComponentUnavailable(message, hint)


def loaded(
    found: type[BaseReader],
    options: HubOptions,
    source: str,
    secret: Callable[[str], str | None],
) -> Iterator[Any]:
    """Yield what a reader loads from a source.

    Args:
        found: the class.
        options: its arguments.
        source: goes to the argument that takes it; empty for none.
        secret: from the name of a variable to its value.

    Raises:
        ConfigurationError: if an argument is none of its, or a variable is not set.
        ReadError: whatever it raises.
    """
    init, load = _filled(options.init, secret), _filled(options.load, secret)
    if source:
        _pass(found, options.argument, source, init, load)
    lazy = _overrides(found, "lazy_load_data") and not _overrides(found, "load_data")
    method = "lazy_load_data" if lazy else "load_data"
    _refuse_unknown(found, "init", found, init)
    _refuse_unknown(found, "load", getattr(found, method), load)
    try:
        yield from getattr(found(**init), method)(**load)
    except (twin.TwinError, GeneratorExit, MemoryError):
        raise
    except ImportError as error:
        raise _missing(found.__module__, error) from error
    except (Exception, SystemExit) as error:
        # Whatever a stranger's reader raises.
        message = f"{found.__name__}: {type(error).__name__}: {error}"
        raise twin.ReadError(message, "look into its documentation for init and load") from error


def _overrides(found: type[BaseReader], method: str) -> bool:
    from llama_index.core.readers.base import BaseReader  # noqa: PLC0415 - heavy

    return getattr(found, method) is not getattr(BaseReader, method)


def takes(found: type[BaseReader]) -> str:
    """Return the argument of a reader that takes the source, as in ``load.urls``; empty if none."""
    signatures = {
        "load": inspect.signature(_loading(found)).parameters,
        "init": inspect.signature(found).parameters,
    }
    for where, known in signatures.items():
        for name in _NAMES:
            if name in known:
                return f"{where}.{name}"
    return ""


def _loading(found: type[BaseReader]) -> Callable[..., Any]:
    lazy = _overrides(found, "lazy_load_data") and not _overrides(found, "load_data")
    return found.lazy_load_data if lazy else found.load_data


def _pass(
    found: type[BaseReader],
    argument: str,
    source: str,
    init: dict[str, Any],
    load: dict[str, Any],
) -> None:
    """Put the source where the reader expects it, unless the person put something there."""
    argument = argument or takes(found)
    if argument == "none":
        return
    if not argument:
        message = f"nobody knows which argument of {found.__name__} takes the source"
        raise twin.ConfigurationError(message, "say so: argument=load.NAME, or argument=none")
    where, _, name = argument.partition(".")
    values = init if where == "init" else load
    values.setdefault(name, [source] if name in _MANY else source)


def _refuse_unknown(
    found: type[BaseReader], where: str, called: Callable[..., Any], values: Mapping[str, Any]
) -> None:
    known = inspect.signature(called).parameters
    if any(one.kind is inspect.Parameter.VAR_KEYWORD for one in known.values()):
        return
    for name in values:
        if name not in known:
            names = ", ".join(one for one in known if one != "self") or "none"
            message = f"{found.__name__} has no argument {where}.{name}"
            raise twin.ConfigurationError(message, f"it has: {names}")


def _filled(values: Mapping[str, Any], secret: Callable[[str], str | None]) -> dict[str, Any]:
    """Return arguments in which ``env:NAME`` is the variable's value."""

    def fill(value: Any) -> Any:
        if isinstance(value, Mapping):
            return {key: fill(one) for key, one in value.items()}
        if isinstance(value, list | tuple):
            return [fill(one) for one in value]
        match = _VARIABLE.fullmatch(value) if isinstance(value, str) else None
        if match is None:
            return value
        if (found := secret(match[1])) is None:
            message = f"the variable {match[1]} is not set"
            raise twin.ConfigurationError(message, f"set it: export {match[1]}=...")
        return found

    return {key: fill(value) for key, value in values.items()}
