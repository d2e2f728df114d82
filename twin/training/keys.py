"""Which keys Axolotl knows; it drops any other without a word.

In: the names of its schema, as its environment tells them, and a configuration. Out: nothing, or an
error that names every unknown key and what was probably meant.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from twin.errors import UsageError
from twin.spelling import nearest
from twin.training.environment import Axolotl


@dataclass(frozen=True, slots=True)
class Keys:
    """Names that a configuration may use.

    Attributes:
        axolotl: the version that knows them.
        config: keys of the file.
        sft: keys of a dataset for supervised fine-tuning.
        dpo: keys of a dataset of preferences.
        fsdp: keys of `fsdp_config`.
        plugin: keys that our plugin adds to those of the file.
    """

    axolotl: str
    config: frozenset[str]
    sft: frozenset[str]
    dpo: frozenset[str]
    fsdp: frozenset[str]
    plugin: frozenset[str]


def known(axolotl: Axolotl, home: Path) -> Keys:
    """Return the names that an environment's Axolotl knows; asked once a version, then remembered.

    Raises:
        TrainingError: if it does not say.
    """
    path = home / "cache" / f"axolotl-keys-{axolotl.versions['axolotl']}-2.json"
    try:
        told: Any = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        told = axolotl.module("twin_axolotl.schema", "fields")
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_suffix(".part")
        unfinished.write_text(json.dumps(told), "utf-8")
        unfinished.replace(path)
    names = {key: frozenset(told[key]) for key in ("config", "sft", "dpo", "fsdp", "plugin")}
    return Keys(axolotl=told["axolotl"], **names)


def unknown(config: Mapping[str, Any], keys: Keys) -> dict[str, str]:
    """Return the keys of a configuration that Axolotl would drop, each with the nearest it knows."""
    whole = keys.config | keys.plugin
    found = _unlike(config, whole)
    of_datasets = keys.dpo if config.get("rl") else keys.sft
    for name, allowed in (("datasets", of_datasets), ("test_datasets", of_datasets)):
        for number, dataset in enumerate(config.get(name) or ()):
            if isinstance(dataset, Mapping):
                strange = _unlike(dataset, allowed)
                found |= {f"{name}[{number}].{key}": near for key, near in strange.items()}
    sharding = config.get("fsdp_config")
    if isinstance(sharding, Mapping):
        strange = _unlike(sharding, keys.fsdp | {f"fsdp_{name}" for name in keys.fsdp})
        found |= {f"fsdp_config.{key}": near for key, near in strange.items()}
    return found


def refuse_unknown(config: Mapping[str, Any], keys: Keys, where: str) -> None:
    """Refuse a configuration that has keys which Axolotl does not know.

    Raises:
        UsageError: naming each, and what was probably meant.
    """
    strange = unknown(config, keys)
    if strange:
        told = [f"{key} (did you mean {near}?)" if near else key for key, near in strange.items()]
        message = f"{where}: axolotl {keys.axolotl} has no key {', '.join(told)}"
        raise UsageError(
            message, "Axolotl would drop it without a word; mend its name or remove it"
        )


def _unlike(values: Mapping[str, Any], allowed: Iterable[str]) -> dict[str, str]:
    names = set(allowed)
    return {str(key): nearest(str(key), names, 0.7) for key in values if key not in names}
