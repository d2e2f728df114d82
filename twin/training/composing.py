"""A run's own configuration: the file of Axolotl, and over it what depends on the run.

In: a recipe, a set, what is to be begun from, and what was set by hand. Out: all keys that Axolotl
is told, and a remark for each that was changed because of the machine.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from twin.errors import UsageError
from twin.training.devices import Device
from twin.training.recipes import Recipe
from twin.training.trainset import TrainSet

PLUGIN: Final = "twin_axolotl.TwinPlugin"

OF_THE_RUN: Final = frozenset(
    {"output_dir", "plugins", "twin_run", "twin_run_id", "dataset_prepared_path", "datasets", "rl"}
)
"""Keys that the run decides, so that its folder holds what its manifest says."""

MODELS: Final[Mapping[str, str]] = {
    "base_model": "config.json",
    "base_model_config": "config.json",
    "tokenizer_config": "tokenizer_config.json",
    "lora_model_dir": "adapter_config.json",
}
"""Keys that name a model on the hub or a folder, and the file by which such a folder is known."""

TRACKERS: Final[Mapping[str, str]] = {
    "comet": "use_comet",
    "langfuse": "use_langfuse",
    "mlflow": "use_mlflow",
    "tensorboard": "use_tensorboard",
    "trackio": "use_trackio",
    "wandb": "use_wandb",
}
"""Where curves can be sent, and the key that says so; all but Langfuse are Axolotl's own."""

WITHOUT_GPU: Final[Mapping[str, Any]] = {
    "bf16": False,
    "fp16": False,
    "tf32": False,
    "attn_implementation": "sdpa",
    "sample_packing": False,
    "lora_mlp_kernel": False,
    "lora_qkv_kernel": False,
    "lora_o_kernel": False,
}
"""What a file made for a GPU needs on a CPU; without the last three Axolotl calls CUDA kernels."""


@dataclass(frozen=True, slots=True)
class Beginning:
    """What a run begins from.

    Attributes:
        model: name or folder of the base model; empty takes the one of the file.
        adapter: an adapter to go on training; None begins a new one.
        run: the run that it came of; empty if none.
    """

    model: str = ""
    adapter: Path | None = None
    run: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What was asked for besides the file.

    Attributes:
        seed: of everything that is drawn by chance; None takes that of the file.
        trackers: where curves are sent.
        overrides: keys and values of ``--set``.
    """

    seed: int | None = None
    trackers: Sequence[str] = ()
    overrides: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Composed:
    """All that Axolotl is told, and what was changed because of the machine."""

    config: dict[str, Any]
    remarks: tuple[str, ...]


def compose(
    recipe: Recipe,
    data: TrainSet,
    folder: Path,
    beginning: Beginning,
    wishes: Wishes,
    *,
    device: Device,
    flash_attention: bool,
) -> Composed:
    """Lay what depends on the run over a file of Axolotl.

    Args:
        recipe: the file.
        data: what is trained on.
        folder: the run's folder.
        beginning: what it begins from.
        wishes: what was asked for by hand; wins over all else.
        device: what it runs on.
        flash_attention: whether the package flash-attn is there.

    Raises:
        UsageError: if something was set that the run decides, or an unknown tracker was named.
    """
    config: dict[str, Any] = dict(recipe.values)
    first = dict((config.get("datasets") or [{}])[0])
    config["datasets"] = [first | {"path": str(data.train.path)}]
    if data.validation is not None and not config.get("rl"):
        held_out = first | {"path": str(data.validation.path)}
        config |= {"test_datasets": [held_out], "val_set_size": 0.0}
    config |= {
        "dataset_prepared_path": str(folder / "prepared"),
        "output_dir": str(folder / "output"),
        "plugins": [*(config.get("plugins") or ()), PLUGIN],
        "twin_run": str(folder),
        "twin_run_id": folder.name,
    }
    if wishes.seed is not None:
        config["seed"] = wishes.seed
    if beginning.model:
        config["base_model"] = beginning.model
    if beginning.adapter is not None:
        config["lora_model_dir"] = str(beginning.adapter)
    _find_files(config, recipe)
    remarks = _fit(config, device, flash_attention=flash_attention)
    for name in wishes.trackers:
        if name not in TRACKERS:
            message = f"there is no tracker {name!r}"
            raise UsageError(message, f"there are {', '.join(TRACKERS)}")
        config[TRACKERS[name]] = True
    for key, value in wishes.overrides.items():
        _set(config, key, value)
    _find_folders(config)
    return Composed(config, tuple(remarks))


def overrides(pairs: Sequence[str]) -> dict[str, Any]:
    """Return what ``--set key=value`` says; a value is YAML, as it would stand in the file.

    Raises:
        UsageError: if one is no such pair, or sets what the run decides.
    """
    import yaml  # noqa: PLC0415 - only where something is set

    values: dict[str, Any] = {}
    for pair in pairs:
        key, equals, text = pair.partition("=")
        if not equals or not key:
            message = f"--set {pair!r} is not key=value"
            raise UsageError(message, "as in --set learning_rate=0.0001")
        if key.split(".")[0] in OF_THE_RUN:
            message = f"--set {key}: the run decides this key"
            raise UsageError(
                message, "name the dataset as an argument; the rest lies in the run's folder"
            )
        try:
            values[key] = _number(yaml.safe_load(text), text)
        except yaml.YAMLError as error:
            message = f"--set {pair!r}: the value is no YAML"
            raise UsageError(message, "as in --set learning_rate=0.0001") from error
    return values


def _number(value: Any, text: str) -> Any:
    """Return 1e-4 as a number: YAML 1.1 takes it for a text, for want of a dot."""
    if isinstance(value, str) and value == text.strip():
        try:
            return float(value)
        except ValueError:
            return value
    return value


def _fit(config: dict[str, Any], device: Device, *, flash_attention: bool) -> list[str]:
    """Change what the machine cannot do, and return a remark for each change."""
    remarks = []
    if device.cpu:
        wanted = {
            key: value
            for key, value in WITHOUT_GPU.items()
            if not key.startswith("lora_") or config.get("adapter")
        }
        if config.get("rl"):
            wanted.pop("sample_packing")
        changed = {key: value for key, value in wanted.items() if config.get(key) != value}
        config |= wanted
        if changed:
            remarks.append(f"no GPU: {', '.join(f'{k}: {_yaml(v)}' for k, v in changed.items())}")
    elif config.get("attn_implementation") == "flash_attention_2" and not flash_attention:
        config["attn_implementation"] = "sdpa"
        packed = config.get("sample_packing")
        if packed:
            # Without flash attention packed samples would see one another.
            config["sample_packing"] = False
        told = "attn_implementation: sdpa" + (", sample_packing: false" if packed else "")
        remarks.append(f"flash-attn is not installed: {told}")
    return remarks


def _yaml(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _find_files(config: dict[str, Any], recipe: Recipe) -> None:
    """Make the path of DeepSpeed's file absolute; in a recipe it starts at the folder above."""
    named = config.get("deepspeed")
    if isinstance(named, str) and named:
        for root in (Path.cwd(), recipe.path.parent.parent, recipe.path.parent):
            if (root / named).is_file():
                config["deepspeed"] = str((root / named).absolute())
                return
        message = f"{recipe.path}: deepspeed names {named}, which is not there"
        raise UsageError(message, "correct the path; it is taken from the current folder")


def _find_folders(config: dict[str, Any]) -> None:
    """Name models that lie here by their whole path: Axolotl runs in the run's folder, and knows no ~."""
    for key, sign in MODELS.items():
        named = config.get(key)
        if isinstance(named, str) and named:
            folder = Path(named).expanduser()
            if (folder / sign).is_file():
                config[key] = str(folder.absolute())


def _set(config: dict[str, Any], key: str, value: Any) -> None:
    """Set a key; a dot leads into a table, as in fsdp_config.offload_params."""
    *outer, last = key.split(".")
    inner = config
    for name in outer:
        held = inner.get(name)
        inner[name] = dict(held) if isinstance(held, Mapping) else {}
        inner = inner[name]
    inner[last] = value
