"""What runs inside Axolotl's environment for `twin train`.

In: the configuration of a run. Out: its events as JSON lines, a checkpoint where it was told to
stop, and a trace for Langfuse. Axolotl is told of it as ``plugins: [twin_axolotl.TwinPlugin]``.

Importing this package imports neither Axolotl nor torch, so that it can lie in any environment;
nothing here but the standard library is needed before `TwinPlugin` is asked for.
"""

from typing import Any

__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    """Give `TwinPlugin` and `TwinArguments` once somebody asks for them."""
    if name == "TwinPlugin":
        from twin_axolotl.plugin import TwinPlugin  # noqa: PLC0415 - imports Axolotl

        return TwinPlugin
    if name == "TwinArguments":
        from twin_axolotl.arguments import TwinArguments  # noqa: PLC0415 - imports pydantic

        return TwinArguments
    message = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(message)
