"""Runs without Axolotl: what a run is told, what it tells, and what is refused beforehand."""

import csv
import json
import math
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from tokenizers import Regex, Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Split

from tests.tiny import dpo_rows, sft_rows, write_rows
from twin.cli import run as run_cli
from twin.documents import Audience
from twin.errors import AxolotlMissing, TrainingError, UsageError
from twin.resources import resource
from twin.tables import TrainingSettings
from twin.training import comparing, curves, environment, metrics, recipes, runs, trainset
from twin.training.composing import Beginning, Wishes, compose, overrides
from twin.training.devices import Device
from twin.training.keys import Keys, refuse_unknown, unknown
from twin.training.launching import explain
from twin.training.parity import difference
from twin.training.pushing import card, push
from twin.training.runs import Manifest, Run, State
from twin.training.steps import Steps, steps_of, too_few

CPU = Device("CPU", 0, 0, 0)
GPU = Device("NVIDIA A100", 1, 80 * 2**30, 79 * 2**30, "sm_80")


def rows_of(path: Path, count: int = 40) -> Path:
    return write_rows(path, sft_rows(count))


def composed(tmp_path: Path, recipe: str = "sft", device: Device = CPU, **more: Any) -> Any:
    rows = dpo_rows(40) if recipe.startswith("dpo") else sft_rows(40)
    data = trainset.open_set(str(write_rows(tmp_path / "rows.jsonl", rows)), tmp_path)
    beginning = more.pop("beginning", Beginning())
    flash = more.pop("flash_attention", False)
    return compose(
        recipes.load(recipe),
        data,
        tmp_path / "run",
        beginning,
        Wishes(**more),
        device=device,
        flash_attention=flash,
    )


# What a run is told


def test_only_what_depends_on_the_run_is_laid_over_the_file(tmp_path: Path) -> None:
    recipe = recipes.load("sft")
    told = composed(tmp_path, device=GPU, flash_attention=True)
    changed = {key for key in told.config if told.config[key] != recipe.values.get(key)}
    assert changed == {
        "datasets",
        "dataset_prepared_path",
        "output_dir",
        "plugins",
        "twin_run",
        "twin_run_id",
    }
    assert not told.remarks
    assert told.config["datasets"][0]["type"] == recipe.values["datasets"][0]["type"]
    assert told.config["datasets"][0]["path"] == str(tmp_path / "rows.jsonl")


def test_without_a_gpu_the_keys_that_need_one_are_changed_and_named(tmp_path: Path) -> None:
    told = composed(tmp_path)
    assert told.config["bf16"] is False
    assert told.config["attn_implementation"] == "sdpa"
    assert told.config["lora_mlp_kernel"] is False
    assert "no GPU" in told.remarks[0]
    assert "bf16: false" in told.remarks[0]


def test_without_flash_attention_samples_are_not_packed(tmp_path: Path) -> None:
    told = composed(tmp_path, device=GPU)
    assert told.config["attn_implementation"] == "sdpa"
    assert told.config["sample_packing"] is False
    assert "flash-attn" in told.remarks[0]


def test_a_validation_file_takes_the_place_of_a_random_share(tmp_path: Path) -> None:
    folder = tmp_path / "datasets" / "mine"
    rows_of(folder / "train.jsonl")
    rows_of(folder / "validation.jsonl", 5)
    data = trainset.open_set("mine", tmp_path)
    told = compose(
        recipes.load("sft"),
        data,
        tmp_path,
        Beginning(),
        Wishes(),
        device=CPU,
        flash_attention=False,
    ).config
    assert told["val_set_size"] == 0
    assert told["test_datasets"][0]["path"].endswith("validation.jsonl")


def test_preferences_begin_from_the_merged_model(tmp_path: Path) -> None:
    told = composed(tmp_path, "dpo", beginning=Beginning("/m/merged", None, "sft-1")).config
    assert told["base_model"] == "/m/merged"
    assert told["rl"] == "dpo"
    assert "lora_model_dir" not in told


def test_the_file_of_deepspeed_is_found_from_anywhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    path = Path(composed(tmp_path, "sft-deepspeed", GPU).config["deepspeed"])
    assert path.is_absolute()
    assert json.loads(path.read_text("utf-8"))["zero_optimization"]["stage"] == 3


def test_what_is_set_by_hand_wins(tmp_path: Path) -> None:
    wanted = overrides(["learning_rate=1e-4", "bf16=true", "a.b=2", "base_model=x/y"])
    told = composed(tmp_path, overrides=wanted).config
    assert told["learning_rate"] == pytest.approx(0.0001)
    assert told["bf16"] is True
    assert told["a"] == {"b": 2}
    assert told["base_model"] == "x/y"


def test_a_model_that_lies_here_is_named_by_its_whole_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Axolotl runs in the run's folder, where a path from here leads nowhere."""
    model = tmp_path / "my models" / "small"
    model.mkdir(parents=True)
    (model / "config.json").write_text("{}", "utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    for given in ("my models/small", "./my models/small", "~/my models/small", str(model)):
        told = composed(tmp_path, overrides={"base_model": given}).config
        assert told["base_model"] == str(model)


@pytest.mark.parametrize("pair", ["learning_rate", "output_dir=x", "plugins=[]", "a={", "=1"])
def test_what_cannot_be_set_is_refused(pair: str) -> None:
    with pytest.raises(UsageError) as caught:
        overrides([pair])
    assert caught.value.hint


def test_trackers_are_keys_of_axolotl(tmp_path: Path) -> None:
    told = composed(tmp_path, trackers=("tensorboard", "langfuse")).config
    assert told["use_tensorboard"] is True
    assert told["use_langfuse"] is True
    with pytest.raises(UsageError, match="no tracker 'excel'"):
        composed(tmp_path, trackers=("excel",))


KEYS = Keys(
    "0.19.0",
    frozenset({"learning_rate", "datasets", "rl", "base_model", "lora_r"}),
    frozenset({"path", "ds_type", "type"}),
    frozenset({"path", "type"}),
    frozenset({"offload_params"}),
    frozenset({"twin_run"}),
)


def test_unknown_keys_are_named_with_what_was_meant() -> None:
    config = {"learning_rat": 1, "twin_run": "x", "datasets": [{"path": "x", "typ": "y"}]}
    assert unknown({"fsdp_config": {"fsdp_offload_params": 1, "ofload_params": 1}}, KEYS) == {
        "fsdp_config": "",
        "fsdp_config.ofload_params": "offload_params",
    }
    assert unknown(config, KEYS) == {"learning_rat": "learning_rate", "datasets[0].typ": "type"}
    with pytest.raises(UsageError, match="did you mean learning_rate"):
        refuse_unknown(config, KEYS, "sft.yaml")


def test_keys_of_a_dataset_depend_on_what_is_trained() -> None:
    dataset = {"path": "x", "ds_type": "json"}
    assert not unknown({"datasets": [dataset]}, KEYS)
    assert unknown({"rl": "dpo", "datasets": [dataset]}, KEYS) == {"datasets[0].ds_type": "type"}


def test_a_file_is_named_or_a_path(tmp_path: Path) -> None:
    own = tmp_path / "own.yaml"
    own.write_text("base_model: x\n", "utf-8")
    assert recipes.load(str(own)).values == {"base_model": "x"}
    assert recipes.load("dpo").kind == "dpo"
    with pytest.raises(UsageError) as caught:
        recipes.load("sft-smal")
    assert "sft-small" in caught.value.hint
    own.write_text("- 1\n", "utf-8")
    with pytest.raises(TrainingError, match="holds no keys"):
        recipes.load(str(own))
    own.write_text("a: [\n", "utf-8")
    with pytest.raises(TrainingError, match="cannot be read"):
        recipes.load(str(own))


# How long it will take


def counted(tmp_path: Path, rows: int, base: str = "no model", **config: Any) -> Steps:
    data = trainset.open_set(str(rows_of(tmp_path / "rows.jsonl", rows)), tmp_path)
    return steps_of(data, config, 0, base)


def test_steps_of_samples_one_by_one(tmp_path: Path) -> None:
    config = {"micro_batch_size": 2, "gradient_accumulation_steps": 3, "num_epochs": 3}
    assert counted(tmp_path, 40, **config) == Steps(total=21, sequences=40, together=6)
    assert counted(tmp_path, 40, val_set_size=0.25).sequences == 30
    assert counted(tmp_path, 40, val_set_size=4).sequences == 36
    assert counted(tmp_path, 40, max_steps=7).total == 7
    pairs = trainset.open_set(str(write_rows(tmp_path / "p.jsonl", dpo_rows(40))), tmp_path)
    packed = {"rl": "dpo", "sample_packing": True, "sequence_len": 4096}
    assert steps_of(pairs, packed, 2, "no model") == Steps(20, 40, 2)


def test_steps_of_packed_samples_are_counted_in_tokens(tmp_path: Path) -> None:
    config = {"sample_packing": True, "sequence_len": 256}
    rows = [json.loads(line) for line in rows_of(tmp_path / "r", 40).read_text().splitlines()]
    texts = [message["content"] for row in rows for message in row["messages"]]
    by_rule = sum(len(text) // 4 + 5 for text in texts)
    assert counted(tmp_path, 40, **config).sequences == math.ceil(by_rule / 256)
    # A tokenizer that lies here knows better: this one takes every letter for a token.
    letters = Tokenizer(WordLevel({"[UNK]": 0}, unk_token="[UNK]"))
    letters.pre_tokenizer = Split(Regex("."), "isolated")
    (tmp_path / "base").mkdir()
    (tmp_path / "base" / "config.json").write_text("{}", "utf-8")
    letters.save(str(tmp_path / "base" / "tokenizer.json"))
    by_letter = sum(len(text) + 5 for text in texts)
    found = counted(tmp_path, 40, str(tmp_path / "base"), **config)
    assert found.sequences == math.ceil(by_letter / 256) > 2 * math.ceil(by_rule / 256)


def test_few_steps_are_told_with_what_makes_more(tmp_path: Path) -> None:
    config = {"gradient_accumulation_steps": 8, "num_epochs": 3}
    few = too_few(counted(tmp_path, 140, **config), config)
    assert few.startswith("about 54 steps of 8 sequences")
    assert "--set gradient_accumulation_steps=4" in few
    config["gradient_accumulation_steps"] = 4
    assert too_few(counted(tmp_path, 140, **config), config) == ""
    assert "num_epochs" in too_few(counted(tmp_path, 40), {})
    assert too_few(counted(tmp_path, 40, max_steps=6), {"max_steps": 6}) == ""


# What is refused beforehand


def test_a_set_tells_its_rows_hashes_and_audience(tmp_path: Path) -> None:
    folder = tmp_path / "datasets" / "mine"
    rows_of(folder / "train.jsonl", 40)
    (folder / "manifest.json").write_text(json.dumps({"audience": "public"}), "utf-8")
    data = trainset.open_set("mine", tmp_path)
    assert (data.kind, data.train.rows, data.audience) == ("sft", 40, Audience.PUBLIC)
    assert len(data.train.sha256) == len(data.manifest) == 64
    (folder / "manifest.json").unlink()
    assert trainset.open_set("mine", tmp_path).audience is Audience.PRIVATE


def test_sets_that_cannot_be_learnt_from_are_refused(tmp_path: Path) -> None:
    few = trainset.open_set(str(rows_of(tmp_path / "few.jsonl", 3)), tmp_path)
    with pytest.raises(TrainingError, match="has 3 rows; 32 are the least"):
        trainset.need_rows(few, "sft", 32)
    with pytest.raises(UsageError, match="has rows for sft, not for dpo"):
        trainset.need_rows(few, "dpo", 1)
    with pytest.raises(UsageError, match="no dataset 'none'"):
        trainset.open_set("none", tmp_path)
    mixed = write_rows(tmp_path / "mixed.jsonl", [*sft_rows(2), *dpo_rows(1)])
    with pytest.raises(TrainingError, match="line 3: a row for dpo among rows for sft"):
        trainset.open_set(str(mixed), tmp_path)
    (tmp_path / "bad.jsonl").write_text('{"messages": []}\n', "utf-8")
    with pytest.raises(TrainingError, match="line 1: it is no row of messages"):
        trainset.open_set(str(tmp_path / "bad.jsonl"), tmp_path)


def test_no_axolotl_is_told_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(AxolotlMissing) as caught:
        environment.find(TrainingSettings(), tmp_path)
    assert "twin train setup" in caught.value.hint
    named = TrainingSettings(environment=str(tmp_path / "nowhere"))
    with pytest.raises(AxolotlMissing, match="nowhere"):
        environment.find(named, tmp_path)


def _pretend(folder: Path, versions: dict[str, str]) -> None:
    """Put a program in the place of an environment's Python, which tells versions."""
    python = folder / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text(f"#!/bin/sh\necho '{json.dumps(versions)}'\n", "utf-8")
    python.chmod(0o755)


@pytest.mark.parametrize(
    ("version", "fits"),
    [("0.19.0", True), ("0.21.0", True), ("0.9.0", False), ("", False), ("x", False)],
)
def test_another_version_of_axolotl_is_refused(tmp_path: Path, version: str, fits: bool) -> None:  # noqa: FBT001 - a parameter
    _pretend(tmp_path / "axolotl", {"axolotl": version, "python": "3.11.7"})
    if fits:
        found = environment.find(TrainingSettings(), tmp_path)
        assert found.versions["axolotl"] == version
        assert sorted(path.name for path in found.overlay.iterdir()) == ["twin_axolotl"]
        return
    with pytest.raises(AxolotlMissing) as caught:
        environment.find(TrainingSettings(), tmp_path)
    assert caught.value.hint


def test_axolotl_runs_quiet_offline_and_without_our_packages(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", "/ours")
    monkeypatch.setenv("VIRTUAL_ENV", "/ours")
    _pretend(tmp_path / "axolotl", {"axolotl": "0.19.0"})
    found = environment.find(TrainingSettings(), tmp_path)
    told = found.environ()
    assert (
        told["AXOLOTL_DO_NOT_TRACK"] == told["HF_HUB_OFFLINE"] == told["HF_DATASETS_OFFLINE"] == "1"
    )
    assert told["PYTHONPATH"] == str(found.overlay)
    assert "VIRTUAL_ENV" not in told
    assert "HF_HUB_OFFLINE" not in found.environ(online=True)


def test_an_overlay_follows_the_product(tmp_path: Path) -> None:
    folder = environment.overlay(tmp_path) / environment.PACKAGE
    (folder / "stale.py").write_text("", "utf-8")
    (folder / "record.py").write_text("", "utf-8")
    environment.overlay(tmp_path)
    assert not (folder / "stale.py").exists()
    assert (folder / "record.py").read_text("utf-8")


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ("OSError: [Errno 28] No space left on device", "the disk is full"),
        (
            "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate",
            "the memory was not enough",
        ),
        (
            "OSError: x/y is not a local folder and is not a valid",
            "the base model, or a file of it",
        ),
        ("ValueError: The dataset could not be loaded. This", "Axolotl could not load the dataset"),
        (
            "  ValueError: something else\nsubprocess.CalledProcessError: Command",
            "ValueError: something else",
        ),
        ("", "exit status 1"),
    ],
)
def test_why_axolotl_failed_is_read_from_its_log(tmp_path: Path, said: str, message: str) -> None:
    log = tmp_path / "log"
    log.write_text(f"Traceback\n{said}\n", "utf-8")
    told, hint = explain(log, 1)
    assert message in told
    assert hint


def test_a_killed_run_says_so(tmp_path: Path) -> None:
    (tmp_path / "log").write_text("step 1\n", "utf-8")
    assert explain(tmp_path / "log", -9)[0] == "Axolotl was killed"


# What a run tells


def events(folder: Path, *lines: dict[str, Any]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / metrics.EVENTS).open("a", encoding="utf-8") as file:
        file.writelines(f"{json.dumps(line)}\n" for line in lines)


def log(step: int, **values: float) -> dict[str, Any]:
    return {"event": "log", "at": step, "step": step, "epoch": step / 10, "values": values}


BEGIN = {"event": "begin", "at": 100, "step": 0, "steps": 10, "epochs": 1}


def test_events_become_numbers_and_a_table(tmp_path: Path) -> None:
    follower = metrics.Follower(tmp_path)
    assert not follower.look()
    events(
        tmp_path,
        {"event": "hook", "at": 0, "name": "post_model_load", "trainable": 5, "parameters": 9},
    )
    events(tmp_path, BEGIN, log(1, loss=2.0), log(2, loss=1.0, grad_norm=3.0))
    with (tmp_path / metrics.EVENTS).open("a", encoding="utf-8") as file:
        file.write('{"event": "log", "st')
    assert follower.look()
    told = follower.progress
    assert (told.step, told.steps, told.stage, told.trainable) == (2, 10, "training", 5)
    assert told.final == {"loss": 1.0, "grad_norm": 3.0}
    assert told.left(102) == pytest.approx(8)
    written = list(
        csv.DictReader(metrics.write_csv(tmp_path, told.rows).read_text("utf-8").splitlines())
    )
    assert written[0] == {"step": "1", "epoch": "0.1", "loss": "2.0", "grad_norm": ""}
    with (tmp_path / metrics.EVENTS).open("a", encoding="utf-8") as file:
        file.write('ep": 3, "values": {"loss": 0.5}}\nno json\n')
    assert follower.look()
    assert told.final["loss"] == pytest.approx(0.5)


def test_steps_that_a_resumed_run_did_again_count_once(tmp_path: Path) -> None:
    events(tmp_path, BEGIN, log(1, loss=3.0), log(2, loss=2.0), log(3, loss=9.0))
    events(tmp_path, BEGIN | {"step": 2}, log(3, loss=1.0))
    told = metrics.read(tmp_path)
    assert metrics.series(told.rows, "loss") == ([1, 2, 3], [3.0, 2.0, 1.0])


def test_curves_are_drawn_where_there_is_something(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    path = tmp_path / curves.NAME
    assert not curves.draw({"empty": {}}, path)
    rows = {step: {"loss": 1 / step, "learning_rate": 0.1} for step in range(1, 60)}
    assert curves.draw({"one": rows, "other": {1: {"eval_loss": 2.0}}}, path)
    assert path.read_bytes().startswith(b"\x89PNG")
    assert not list(tmp_path.glob("*.part*"))


def made(home: Path, number: int = 1, **more: Any) -> Run:
    folder = runs.new_folder(home, "sft", datetime(2026, 1, 1, 0, 0, number, tzinfo=UTC))
    values: dict[str, Any] = {
        "id": folder.name,
        "kind": "sft",
        "state": State.DONE,
        "created_at": f"2026-01-01T00:00:0{number}+00:00",
        "recipe": "sft.yaml",
        "recipe_sha256": "",
        "base_model": "/a/model",
        "dataset": "mine",
        "dataset_sha256": {},
        "rows": 40,
        "audience": Audience.PRIVATE,
        "seed": 42,
        "versions": {"axolotl": "0.19.0"},
        "final": {"loss": 0.5},
    } | more
    run = Run(folder, Manifest(**values))
    runs.write_manifest(run)
    return run


def test_runs_are_listed_and_found(tmp_path: Path) -> None:
    assert not runs.runs(tmp_path)
    first, second = made(tmp_path), made(tmp_path, 2)
    (tmp_path / "runs" / "strange").mkdir()
    (tmp_path / "runs" / "strange" / "manifest.json").write_text("{", "utf-8")
    assert runs.runs(tmp_path) == [first, second]
    assert runs.run_named("last", tmp_path) == second
    with pytest.raises(UsageError) as caught:
        runs.run_named(first.id[:-1], tmp_path)
    assert "did you mean" in caught.value.hint


def test_two_runs_of_one_second_have_folders_of_their_own(tmp_path: Path) -> None:
    assert made(tmp_path).id != made(tmp_path).id


def test_a_run_whose_process_has_gone_is_lost(tmp_path: Path) -> None:
    assert made(tmp_path, state=State.RUNNING, pid=os.getpid()).state is State.RUNNING
    assert made(tmp_path, state=State.RUNNING, pid=0).state is State.LOST


def test_the_last_whole_checkpoint_counts(tmp_path: Path) -> None:
    run = made(tmp_path)
    for step, whole in ((2, True), (10, True), (12, False)):
        folder = run.output / f"checkpoint-{step}"
        folder.mkdir(parents=True)
        if whole:
            (folder / "trainer_state.json").write_text("{}", "utf-8")
    assert run.checkpoint == run.output / "checkpoint-10"


def test_runs_are_compared_by_what_differs(tmp_path: Path) -> None:
    chosen = [made(tmp_path), made(tmp_path, 2)]
    for number, run in enumerate(chosen):
        values = {
            "learning_rate": number,
            "seed": 1,
            "output_dir": run.id,
            "fsdp_config": {"a": number},
        }
        recipes.write(run.config, values, "x")
        events(run.folder, BEGIN, log(1, loss=float(number)))
    told = comparing.compare(chosen)
    assert told.differing == {"learning_rate": [0, 1], "fsdp_config.a": [0, 1]}
    assert told.final == {"loss": [0.0, 1.0]}


@pytest.mark.parametrize(
    ("trained", "served", "learnt", "said"),
    [
        ([1, 2, 3, 4], [1, 2], [0, 0, 1, 1], ""),
        ([9, 2, 3], [1, 2], [0, 0, 1], "token 0 is 9"),
        ([1, 2, 3], [1, 2], [0, 1, 1], "token 1 is trained on"),
        ([1, 2, 3, 4], [1, 2], [0, 0, 0, 1], "not trained on"),
        ([1, 2], [1, 2], [0, 0], "has only 2"),
    ],
)
def test_tokens_are_compared_up_to_the_answer(
    trained: list[int], served: list[int], learnt: list[int], said: str
) -> None:
    ids = {"trained": trained, "served": served, "learnt": list(map(bool, learnt)), "answers": 1}
    told = difference(ids)
    assert said in told
    assert bool(told) == bool(said)


def test_what_was_learned_from_private_writing_is_not_made_public(tmp_path: Path) -> None:
    run = made(tmp_path)
    with pytest.raises(UsageError, match="private readers only"):
        push(run, "a/b", public=True)
    with pytest.raises(TrainingError, match="no result to push"):
        push(run, "a/b")
    told = card(run, "a/b", adapter=True)
    assert "/a/model" not in told
    assert "| loss | 0.5 |" in told


def test_what_setup_installs_is_what_was_tested_together() -> None:
    path = resource(environment.CONSTRAINTS)
    assert path is not None
    lines = [line for line in path.read_text().splitlines() if not line.startswith("#")]
    pins = {Requirement(line).name.lower(): str(Requirement(line).specifier) for line in lines}
    assert all(pin.startswith("==") for pin in pins.values())
    for wanted in environment.REQUIREMENTS:
        requirement = Requirement(wanted)
        assert pins[requirement.name] == str(requirement.specifier)


def test_the_files_are_handed_out_with_the_set_that_they_point_to(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "mine"
    assert run_cli(["train", "files", str(folder)]) == 0
    assert str(folder) in capsys.readouterr().out
    for path in folder.glob("axolotl_configs/*.yaml"):
        values = recipes.read(path)
        for one in values["datasets"]:
            assert (folder / one["path"]).is_file(), path
        if (wide := values.get("deepspeed")) is not None:
            assert (folder / wide).is_file(), path
    assert run_cli(["train", "files", str(folder)]) == 0
    changed = folder / "axolotl_configs" / "sft.yaml"
    changed.write_text("base_model: mine\n", "utf-8")
    (folder / "axolotl_configs" / "dpo.yaml").unlink()
    assert run_cli(["train", "files", str(folder)]) == 2
    assert "says something else" in capsys.readouterr().err
    assert changed.read_text("utf-8") == "base_model: mine\n"
    assert not (folder / "axolotl_configs" / "dpo.yaml").exists()
