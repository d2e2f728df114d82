"""Runs with a program in Axolotl's place: started, stopped, failed, and what is left then."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections import namedtuple
from pathlib import Path
from typing import Any

import pytest

from tests.tiny import dpo_rows, sft_rows, write_llama, write_rows
from twin.cli import run as run_cli
from twin.documents import Audience
from twin.errors import DiskFull, TrainingError
from twin.tables import TrainingSettings
from twin.training import environment, results, runs
from twin.training.holding import held
from twin.training.runs import State

Usage = namedtuple("Usage", "total used free")  # noqa: PYI024 - as shutil has it

FIELDS = {
    "axolotl": "0.19.0",
    "config": [
        "base_model", "chat_template", "special_tokens", "datasets", "dataset_prepared_path",
        "val_set_size", "output_dir", "adapter", "load_in_4bit", "lora_r", "lora_alpha",
        "lora_dropout", "lora_target_linear", "sequence_len", "sample_packing",
        "eval_sample_packing", "micro_batch_size", "gradient_accumulation_steps", "num_epochs",
        "learning_rate", "lr_scheduler", "warmup_ratio", "optimizer", "weight_decay",
        "max_grad_norm", "seed", "bf16", "fp16", "tf32", "attn_implementation",
        "gradient_checkpointing", "logging_steps", "evals_per_epoch", "saves_per_epoch",
        "save_total_limit", "plugins", "lora_mlp_kernel", "lora_qkv_kernel", "lora_o_kernel", "rl",
        "rl_beta", "lora_model_dir",
    ],
    "sft": ["path", "ds_type", "split", "type", "field_messages", "message_property_mappings",
            "roles_to_train", "train_on_eos"],
    "dpo": ["path", "split", "type", "field_messages", "field_chosen", "field_rejected"],
    "fsdp": [],
    "plugin": ["twin_run", "twin_run_id", "use_langfuse"],
}  # fmt: skip

PRETENDER = """#!{python}
import json, pathlib, sys, time
words = sys.argv[1:]
if words[0] == "-c":
    print(json.dumps({{"axolotl": "0.19.0", "python": "3.11", "torch": "2.13.0"}}))
elif words[1] == "twin_axolotl.schema":
    print(pathlib.Path({fields!r}).read_text())
elif words[1] == "twin_axolotl.parity":
    print(json.dumps([{{"trained": [1, 2], "served": [1], "learnt": [False, True], "answers": 1}}]))
else:
    exec(pathlib.Path({script!r}).read_text())
"""
"""A program in the place of an environment's Python: it answers as Axolotl's would."""

LEARNS = """
import yaml
config = yaml.safe_load(open(words[3]))
run, output = pathlib.Path(config["twin_run"]), pathlib.Path(config["output_dir"])
events = open(run / "events.jsonl", "a")
def tell(**event):
    print(json.dumps({"at": time.time(), **event}), file=events, flush=True)
begun = int(words[-1].rsplit("-", 1)[-1]) if "--resume-from-checkpoint" in words else 0
tell(event="begin", step=begun, steps=STEPS, epochs=1)
for step in range(begun + 1, STEPS + 1):
    tell(event="log", step=step, epoch=1, values={"loss": 1 / step})
    time.sleep(PAUSE)
    if (run / "stop").exists():
        break
checkpoint = output / f"checkpoint-{step}"
checkpoint.mkdir(parents=True)
(checkpoint / "trainer_state.json").write_text("{}")
(output / "adapter_config.json").write_text("{}")
(output / "adapter_model.safetensors").write_text("weights")
(output / "model.safetensors").write_text("wrapped")
tell(event="end", step=step)
"""


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a home with a set and a pretender; `fails` and `learns` decide what it does."""
    home = tmp_path / "home"
    write_rows(home / "datasets" / "mine" / "train.jsonl", sft_rows(40))
    write_rows(home / "datasets" / "pairs" / "train.jsonl", dpo_rows(40))
    write_llama(tmp_path / "llama")
    fields, script = tmp_path / "fields.json", tmp_path / "script.py"
    fields.write_text(json.dumps(FIELDS), "utf-8")
    python = home / "axolotl" / "bin" / "python"
    python.parent.mkdir(parents=True)
    text = PRETENDER.format(python=sys.executable, fields=str(fields), script=str(script))
    python.write_text(text, "utf-8")
    python.chmod(0o755)
    learns(home, 3)
    monkeypatch.setenv("TWIN_HOME", str(home))
    return home


def learns(home: Path, steps: int, pause: float = 0.0) -> None:
    text = LEARNS.replace("STEPS", str(steps)).replace("PAUSE", str(pause))
    (home.parent / "script.py").write_text(text, "utf-8")


def fails(home: Path, said: str, status: int = 1) -> None:
    text = f"print({said!r}, flush=True)\nsys.exit({status})\n"
    (home.parent / "script.py").write_text(text, "utf-8")


def sft(home: Path, *words: str) -> int:
    return run_cli(["train", "sft", "mine", "--set", f"base_model={home.parent / 'llama'}", *words])


def test_a_run_leaves_its_adapter_numbers_and_manifest(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert sft(home, "--json", "--seed", "7") == 0
    told = json.loads(capsys.readouterr().out)
    run = runs.run_named("last", home)
    assert told["id"] == run.id
    assert (run.state, run.manifest.steps, run.manifest.seed) == (State.DONE, (3, 3), 7)
    assert run.manifest.final["loss"] == pytest.approx(1 / 3)
    assert run.adapter is not None
    assert sorted(path.name for path in run.adapter.iterdir()) == [
        "adapter_config.json",
        "adapter_model.safetensors",
    ]
    assert (run.folder / "metrics.csv").read_text("utf-8").count("\n") == 4
    for words in (["runs", "list"], ["runs", "show", "last"], ["runs", "compare", run.id, run.id]):
        assert run_cli(words) == 0
    assert run.id in capsys.readouterr().out


def test_a_full_disk_is_said_and_the_run_is_marked(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fails(home, "OSError: [Errno 28] No space left on device")
    assert sft(home) == 1
    said = capsys.readouterr().err
    assert "the disk is full" in said
    assert "twin train resume" in said
    run = runs.run_named("last", home)
    assert run.state is State.FAILED
    assert run.manifest.failure == "the disk is full"
    learns(home, 3)
    assert run_cli(["train", "resume"]) == 0
    assert runs.run_named("last", home).state is State.DONE
    assert run_cli(["train", "resume"]) == 2


def test_a_resumed_run_is_launched_as_it_was_begun(home: Path) -> None:
    fails(home, "RuntimeError: the other node has gone")
    assert sft(home, "--launcher", "torchrun", "--", "--nproc-per-node", "2") == 1
    learns(home, 3)
    script, told = home.parent / "script.py", home.parent / "words.json"
    keep = f"pathlib.Path({str(told)!r}).write_text(json.dumps(words))\n"
    script.write_text(keep + script.read_text("utf-8"), "utf-8")
    assert run_cli(["train", "resume"]) == 0
    words = json.loads(told.read_text("utf-8"))
    assert words[words.index("--launcher") + 1] == "torchrun"
    assert words[-3:] == ["--", "--nproc-per-node", "2"]


def test_a_disk_with_too_little_room_is_refused_beforehand(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(10, 10, 2**20))
    assert sft(home) == 1
    assert "GB left" in capsys.readouterr().err
    assert not runs.runs(home)
    with pytest.raises(DiskFull):
        environment.set_up(TrainingSettings(), home.parent / "other", lambda _: None)


PIP = """#!{python}
import pathlib, sys
if "venv" in sys.argv:
    made = pathlib.Path(sys.argv[-1]) / "bin" / "python"
    made.parent.mkdir(parents=True)
    made.write_bytes(pathlib.Path(__file__).read_bytes())
    made.chmod(0o755)
else:
    print("ERROR: Could not install packages: [Errno 28] No space left on device")
    sys.exit(1)
"""
"""A program in the place of the Python that makes the environment, on whose disk pip fails."""


def test_a_disk_that_fills_while_axolotl_is_installed_is_told_of_and_left_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(0, 0, environment.NEEDED))
    maker = tmp_path / "python"
    maker.write_text(PIP.format(python=sys.executable), "utf-8")
    maker.chmod(0o755)
    told: list[str] = []
    with pytest.raises(DiskFull, match="No space left") as caught:
        environment.set_up(TrainingSettings(python=str(maker)), tmp_path / "home", told.append)
    assert "12 GB" in caught.value.hint
    assert any("8 GB of 6.0" in line for line in told)
    assert not (tmp_path / "home" / environment.FOLDER).exists()


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (["--set", "lora_rr=1"], 2, "did you mean lora_r"),
        (["--set", "base_model=nobody/nothing"], 1, "is not on this machine"),
        (
            ["--set", "base_model=/nowhere/at/all"],
            1,
            "the folder of the base model, /nowhere/at/all, is not",
        ),
        (["--config", "dpo"], 2, "is a configuration for dpo"),
        (["--config", "sftt"], 2, "did you mean 'sft'"),
        (["--set", "sequence_len=4000000"], 1, "--ignore-memory"),
        (["--track", "excel"], 2, "no tracker"),
    ],
)
def test_what_is_wrong_is_said_before_anything_is_written(
    home: Path, capsys: pytest.CaptureFixture[str], words: list[str], status: int, said: str
) -> None:
    assert sft(home, *words) == status
    assert said in capsys.readouterr().err
    assert not runs.runs(home)


def test_too_few_rows_and_the_wrong_kind(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_rows(home / "datasets" / "few" / "train.jsonl", sft_rows(2))
    assert run_cli(["train", "sft", "few"]) == 1
    assert "has 2 rows; 32 are the least" in capsys.readouterr().err
    assert run_cli(["train", "dpo", "mine"]) == 2
    assert "has rows for sft" in capsys.readouterr().err


def test_no_axolotl(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.rmtree(home / "axolotl")
    assert sft(home) == 1
    said = capsys.readouterr().err
    assert "there is no Axolotl" in said
    assert "twin train setup" in said


def test_a_run_carries_the_audience_of_the_run_that_it_begins_from(home: Path) -> None:
    for name in ("mine", "pairs"):
        (home / "datasets" / name / "manifest.json").write_text('{"audience": "public"}', "utf-8")
    assert sft(home, "--seed", "0") == 0
    first = runs.run_named("last", home)
    assert (first.manifest.audience, first.manifest.seed) == (Audience.PUBLIC, 0)
    first.changed(audience=Audience.PRIVATE)
    merged = first.folder / "merged"
    shutil.copytree(home.parent / "llama", merged)
    link, adapter = home.parent / "my model", home.parent / "my adapter"
    link.symlink_to(merged)
    assert first.adapter is not None
    adapter.symlink_to(first.adapter)
    llama = ["--set", f"base_model={home.parent / 'llama'}"]
    for words in (
        ["--from", first.id],
        ["--set", f"base_model={merged}"],
        ["--set", f"base_model={link}"],
        [*llama, "--set", f"lora_model_dir={adapter}"],
    ):
        assert run_cli(["train", "dpo", "pairs", *words]) == 0
        [*_, last] = [run for run in runs.runs(home) if run.manifest.kind == "dpo"]
        assert last.manifest.audience is Audience.PRIVATE
    first.changed(state=State.STOPPED)
    assert run_cli(["train", "resume", first.id]) == 2


@pytest.mark.usefixtures("home")
def test_preferences_need_a_run_that_is_done(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_cli(["train", "dpo", "pairs", "--from", "last"]) == 2
    assert "`twin train sft` comes first" in capsys.readouterr().err


def test_sigterm_stops_at_a_checkpoint_and_resume_goes_on(home: Path) -> None:
    learns(home, 400, 0.05)
    words = [sys.executable, "-m", "twin.cli", "train", "sft", "mine"]
    words += ["--set", f"base_model={home.parent / 'llama'}"]
    with subprocess.Popen(
        words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        end = time.monotonic() + 60
        while time.monotonic() < end and not _begun(home):
            time.sleep(0.05)
        process.send_signal(signal.SIGTERM)
        _, said = process.communicate(timeout=60)
    assert process.returncode == 130, said
    run = runs.run_named("last", home)
    assert run.state is State.STOPPED
    assert run.checkpoint is not None
    assert run.adapter is not None
    assert not (run.folder / "stop").exists()
    step = run.manifest.steps[0]
    shutil.copytree(home.parent / "llama", run.folder / "merged")
    learns(home, step + 2)
    assert run_cli(["train", "resume", run.id]) == 0
    assert runs.run_named(run.id, home).merged is None, "what was merged was another model"
    assert runs.run_named(run.id, home).manifest.steps == (step + 2, step + 2)


def _begun(home: Path) -> bool:
    return any('"log"' in path.read_text("utf-8") for path in home.glob("runs/*/events.jsonl"))


LAUNCHER = """
import json, os, sys
from pathlib import Path
from twin.training import launching
launching.GRACE = 0.5 if sys.argv[3:] == ["several"] else 60
ended = launching.launch(
    [sys.executable, "-c", sys.argv[2]], os.environ, Path(sys.argv[1]), lambda _: None,
    alone=not sys.argv[3:],
)
print(json.dumps([ended.stopped, ended.status]))
"""


def test_a_second_interrupt_ends_it_at_once(tmp_path: Path) -> None:
    script = (
        "import json, time\n"
        "print(json.dumps({'event': 'begin', 'at': 0, 'step': 0, 'steps': 9}),"
        " file=open('events.jsonl', 'w'), flush=True)\n"
        "time.sleep(600)\n"
    )
    # In a process of its own: an interrupt that came too late would end the tests.
    with subprocess.Popen(
        [sys.executable, "-c", LAUNCHER, str(tmp_path), script], stdout=subprocess.PIPE, text=True
    ) as process:
        for file in ("events.jsonl", "stop"):
            while not (tmp_path / file).exists():
                assert process.poll() is None, f"it ended before there was {file}"
                time.sleep(0.02)
            time.sleep(0.6)
            process.send_signal(signal.SIGINT)
        said, _ = process.communicate(timeout=300)
    stopped, status = json.loads(said)
    assert stopped
    assert status < 0


def _interrupted(
    folder: Path, script: str, signals: list[tuple[str, int]], *words: str
) -> tuple[bool, int]:
    """Return how `launch` ended with a program that was interrupted once it had written these files."""
    # In a process of its own: an interrupt that came too late would end the tests.
    with subprocess.Popen(
        [sys.executable, "-c", LAUNCHER, str(folder), script, *words],
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        for file, number in signals:
            while not (folder / file).exists():
                assert process.poll() is None, f"it ended before there was {file}"
                time.sleep(0.02)
            time.sleep(0.6)
            process.send_signal(number)
        said, _ = process.communicate(timeout=300)
    stopped, status = json.loads(said)
    return stopped, status


BEGINS = """
import json, os, pathlib, signal, sys, time
def tell(**event):
    print(json.dumps({"at": 0, **event}), file=open("events.jsonl", "a"), flush=True)
"""


def test_an_interrupt_while_another_is_answered_leaves_nothing_behind(tmp_path: Path) -> None:
    script = BEGINS + (
        "signal.signal(signal.SIGINT, lambda *_: pathlib.Path('deaf').touch())\n"
        "pathlib.Path('pid').write_text(str(os.getpid()))\n"
        "while True: time.sleep(600)\n"
    )
    signals = [("pid", signal.SIGINT), ("deaf", signal.SIGINT)]
    stopped, status = _interrupted(tmp_path, script, signals)
    assert (stopped, status) == (True, -signal.SIGKILL)
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text("utf-8")), 0)


def test_several_processes_may_take_their_time_to_save_a_model(tmp_path: Path) -> None:
    script = BEGINS + (
        "def save(*_):\n"
        "    time.sleep(2.5)\n"
        "    pathlib.Path('saved').touch()\n"
        "    sys.exit(0)\n"
        "signal.signal(signal.SIGINT, save)\n"
        "tell(event='begin', step=0, steps=9)\n"
        "time.sleep(600)\n"
    )
    ended = _interrupted(tmp_path, script, [("events.jsonl", signal.SIGTERM)], "several")
    assert ended == (True, 0)
    assert (tmp_path / "saved").exists(), "it was killed while it saved"


def test_a_terminal_that_is_closed_stops_at_a_checkpoint(tmp_path: Path) -> None:
    script = BEGINS + (
        "tell(event='begin', step=0, steps=9)\n"
        "while not pathlib.Path('stop').exists(): time.sleep(0.05)\n"
        "time.sleep(1.5)\n"
        "tell(event='end', step=4)\n"
    )
    # The terminal says it, and so does its shell.
    signals = [("events.jsonl", signal.SIGHUP), ("stop", signal.SIGHUP)]
    assert _interrupted(tmp_path, script, signals) == (True, 0)


def test_what_fails_while_it_stops_has_failed_and_what_is_through_is_done(tmp_path: Path) -> None:
    waits = BEGINS + (
        "tell(event='begin', step=0, steps=9)\n"
        "while not pathlib.Path('stop').exists(): time.sleep(0.05)\n"
    )
    full, through = tmp_path / "full", tmp_path / "through"
    for folder in (full, through):
        folder.mkdir()
    signals = [("events.jsonl", int(signal.SIGINT))]
    fails_then = waits + "sys.exit('OSError: [Errno 28] No space left on device')\n"
    assert _interrupted(full, fails_then, signals) == (False, 1)
    assert _interrupted(through, waits + "tell(event='end', step=9)\n", signals) == (False, 0)


def test_a_second_attempt_is_not_explained_by_the_first(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fails(home, "OSError: [Errno 28] No space left on device")
    assert sft(home) == 1
    assert "the disk is full" in capsys.readouterr().err
    fails(home, "ValueError: something else is wrong")
    assert run_cli(["train", "resume"]) == 1
    said = capsys.readouterr().err
    assert "something else is wrong" in said
    assert "disk" not in said


def test_a_trainer_whose_twin_was_killed_is_not_joined_by_a_second(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    learns(home, 400, 0.05)
    words = [sys.executable, "-m", "twin.cli", "train", "sft", "mine"]
    words += ["--set", f"base_model={home.parent / 'llama'}"]
    process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    end = time.monotonic() + 60
    while time.monotonic() < end and not _begun(home):
        time.sleep(0.05)
    process.kill()
    process.wait()
    run = runs.run_named("last", home)
    assert run.state is State.RUNNING, "its trainer goes on"
    assert run_cli(["train", "resume", run.id]) == 2
    assert "is running" in capsys.readouterr().err
    (run.folder / "stop").touch()
    while time.monotonic() < end and run.state is State.RUNNING:
        time.sleep(0.05)
    assert run.state is State.LOST
    learns(home, 500)
    assert run_cli(["train", "resume", run.id]) == 0
    assert runs.run_named(run.id, home).state is State.DONE


def test_a_number_of_a_process_that_was_given_anew_does_not_keep_a_run(home: Path) -> None:
    learns(home, 2)
    assert sft(home) == 0
    # As after a restart, or in a container, where every first program has one number.
    run = runs.run_named("last", home).changed(state=State.RUNNING, pid=os.getpid())
    assert run.state is State.LOST
    learns(home, 4)
    assert run_cli(["train", "resume", run.id]) == 0


def test_a_run_that_was_copied_with_its_home_goes_on_in_the_copy(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    learns(home, 2)
    assert sft(home) == 0
    run = runs.run_named("last", home).changed(state=State.STOPPED, base_model=str(home / "base"))
    before = {path: path.read_bytes() for path in run.folder.rglob("*") if path.is_file()}
    elsewhere = tmp_path / "else where"
    shutil.copytree(home, elsewhere)
    monkeypatch.setenv("TWIN_HOME", str(elsewhere))
    learns(home, 4)
    assert run_cli(["train", "resume", run.id]) == 0
    copied = runs.run_named(run.id, elsewhere)
    assert copied.manifest.steps == (4, 4)
    assert copied.manifest.base_model == str(elsewhere / "base")
    assert copied.checkpoint == elsewhere / "runs" / run.id / "output" / "checkpoint-4"
    assert str(home) not in copied.config.read_text("utf-8").partition("\n")[2]
    assert {path: path.read_bytes() for path in run.folder.rglob("*") if path.is_file()} == before


def test_a_run_is_not_merged_by_two_at_once(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert sft(home) == 0
    run = runs.run_named("last", home)
    (run.folder / "merging").mkdir()
    with held(run.folder):
        assert run_cli(["merge", run.id]) == 2
    assert "another process works on" in capsys.readouterr().err
    assert (run.folder / "merging").is_dir(), "it was taken away from the one that works there"


def test_without_llama_cpp_the_export_says_what_to_get(
    home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(home))
    assert sft(home) == 0
    run = runs.run_named("last", home)
    (run.folder / "merged").mkdir()
    (run.folder / "merged" / "config.json").write_text("{}", "utf-8")
    assert run_cli(["export", run.id]) == 2
    assert run_cli(["export", run.id, "--gguf"]) == 1
    assert "convert_hf_to_gguf.py was not found" in capsys.readouterr().err


def test_a_converter_of_llama_cpp_is_run_and_its_failure_is_told(
    home: Path, tmp_path: Path
) -> None:
    assert sft(home) == 0
    run = runs.run_named("last", home)
    (run.folder / "merged").mkdir()
    (run.folder / "merged" / "config.json").write_text("{}", "utf-8")
    llama = tmp_path / "llama.cpp"
    llama.mkdir()
    converter, settings = llama / "convert_hf_to_gguf.py", TrainingSettings(llama_cpp=str(llama))
    axolotl = environment.find(TrainingSettings(), home)
    real: Any = environment.Axolotl(Path(sys.executable), axolotl.versions, axolotl.overlay)
    converter.write_text("import sys\nopen(sys.argv[3], 'w').write(sys.argv[5])\n", "utf-8")
    path = results.export(run, "q8_0", settings, real, lambda _: None)
    assert path.read_text("utf-8") == "q8_0"
    # An f16 file that was asked for stays when another type is made by way of one.
    f16 = results.export(run, "f16", settings, real, lambda _: None)
    quantizer = llama / "llama-quantize"
    quantizer.write_text('#!/bin/sh\necho "$3" > "$2"\n', "utf-8")
    quantizer.chmod(0o755)
    small = results.export(run, "Q4_K_M", settings, real, lambda _: None)
    assert small.read_text("utf-8").strip() == "Q4_K_M"
    assert sorted(run.folder.glob("*.gguf")) == sorted([f16, path, small])
    quantizer.unlink()
    converter.write_text("import nowhere_to_be_found\n", "utf-8")
    with pytest.raises(TrainingError) as caught:
        results.export(run, "f16", settings, real, lambda _: None)
    assert "nowhere_to_be_found" in caught.value.hint
    converter.write_text("import sys\nopen(sys.argv[3], 'w')\n", "utf-8")
    with pytest.raises(TrainingError, match="llama-quantize was not found"):
        results.export(run, "Q4_K_M", settings, real, lambda _: None)
