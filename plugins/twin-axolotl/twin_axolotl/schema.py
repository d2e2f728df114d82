"""Which keys Axolotl knows, and whether it takes a configuration.

In: nothing, or a configuration as JSON on standard input. Out: one JSON object on the last line of
standard output. Axolotl drops unknown keys without a word, so their names are needed from outside::

    python -m twin_axolotl.schema fields
    python -m twin_axolotl.schema check < config.json
"""

import json
import sys
from importlib.metadata import version
from typing import Any, Final

A100: Final = {
    "bf16": True,
    "fp8": False,
    "tf32": True,
    "n_gpu": 1,
    "n_node": 1,
    "compute_capability": "sm_80",
}
"""What a configuration is checked for where it will not run on this machine."""


def fields() -> dict[str, Any]:
    """Return the names of all keys: of the file, of its datasets and of FSDP."""
    from axolotl.utils.schemas.config import AxolotlInputConfig  # noqa: PLC0415 - heavy
    from axolotl.utils.schemas.datasets import DPODataset, SFTDataset  # noqa: PLC0415
    from axolotl.utils.schemas.fsdp import FSDPConfig  # noqa: PLC0415

    from twin_axolotl.arguments import TwinArguments  # noqa: PLC0415

    return {
        "axolotl": version("axolotl"),
        "config": sorted(_names(AxolotlInputConfig)),
        "sft": sorted(_names(SFTDataset)),
        "dpo": sorted(_names(DPODataset)),
        "fsdp": sorted(_names(FSDPConfig)),
        "plugin": sorted(_names(TwinArguments)),
    }


def _names(model: Any) -> set[str]:
    names = set()
    for name, field in model.model_fields.items():
        names.add(name)
        if isinstance(field.alias, str):
            names.add(field.alias)
    return names


def check(config: dict[str, Any], capabilities: dict[str, Any] | None = None) -> list[str]:
    """Return what Axolotl's own validation says against a configuration; nothing if it takes it.

    Args:
        config: as in the YAML file.
        capabilities: of the GPU it is meant for; None takes an A100.
    """
    from axolotl.utils.config import prepare_plugins, validate_config  # noqa: PLC0415 - heavy
    from axolotl.utils.dict import DictDefault  # noqa: PLC0415
    from pydantic import ValidationError  # noqa: PLC0415

    wanted = DictDefault(config)
    try:
        if config.get("plugins"):
            prepare_plugins(wanted)
        validate_config(
            wanted,
            capabilities={**A100, **(capabilities or {})},
            env_capabilities={"torch_version": version("torch").split("+")[0]},
        )
    except ValidationError as error:
        return [
            f"{'.'.join(map(str, item['loc'])) or 'the file'}: {item['msg']}"
            for item in error.errors(include_url=False)
        ]
    except (ValueError, ImportError, AssertionError) as error:
        return [str(error)]
    return []


def main(arguments: list[str]) -> int:
    """Print what was asked for, and return the exit code."""
    if arguments == ["fields"]:
        answer: Any = fields()
    elif arguments == ["check"]:
        asked = json.load(sys.stdin)
        many = asked if isinstance(asked, list) else [asked]
        answer = [check(one["config"], one.get("capabilities")) for one in many]
    else:
        print("usage: python -m twin_axolotl.schema fields|check", file=sys.stderr)  # noqa: T201
        return 2
    print("\n" + json.dumps(answer))  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
