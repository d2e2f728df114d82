"""`twin evaluate` as its user runs it: style, goldens, and a comparison with a verdict.

The models are tiny Llamas made here, so what they write means nothing; that they are loaded, write,
read held-out text and are judged by the gate is what is tested.
"""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from tests.unit.writers import BRISK, CAREFUL, pieces
from twin import cli
from twin.documents import Document
from twin.evaluation.candidates import Known, candidate
from twin.home import Home


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Return a home in which Ada and Ben have written."""
    folder = tmp_path / "home"
    folder.mkdir()
    (folder / "twin.toml").write_text('[person]\nname = "Ada"\n', encoding="utf-8")
    with Home(folder) as opened:
        for author, turns, seed in (("Ada", CAREFUL, 1), ("Ben", BRISK, 2)):
            documents = [
                Document(source=f"file:{author}/{n}.md", text=text, author=author, title=f"Of {n}")
                for n, text in enumerate(pieces(turns, 8, seed=seed))
            ]
            opened.warehouse.put_many(documents, collection=author)
    return folder


def twin(capsys: pytest.CaptureFixture[str], home: Path, *arguments: str) -> tuple[int, Any, str]:
    code = cli.run(["--home", str(home), "evaluate", *arguments])
    said = capsys.readouterr()
    return code, json.loads(said.out) if said.out.startswith("{") else said.out, said.err


def rows(path: Path, texts: list[str]) -> Path:
    path.write_text("".join(json.dumps({"text": t}) + "\n" for t in texts), encoding="utf-8")
    return path


def test_style_of_files(capsys: pytest.CaptureFixture[str], home: Path, tmp_path: Path) -> None:
    hers = rows(tmp_path / "hers.jsonl", pieces(CAREFUL, 4, seed=9))
    his = rows(tmp_path / "his.jsonl", pieces(BRISK, 4, seed=9))
    code, found, _ = twin(
        capsys, home, "style", str(hers), "--base", str(his), "--words", "60", "--json"
    )
    assert code == 0
    marks = {mark["name"]: mark["distance"]["value"] for mark in found["marks"]}
    assert marks["hers"] < 0.3
    assert marks["base model"] > 0.7
    assert Path(found["plot"]).read_bytes().startswith(b"\x89PNG")
    assert (home / "evaluation" / "style.json").is_file()
    code, table, _ = twin(capsys, home, "style", str(hers), "--words", "60")
    assert "hers" in table
    code, _, error = twin(capsys, home, "style", "nothing")
    assert (code, "hint: `twin runs list`" in error) == (2, True)
    code, _, error = twin(capsys, home, "style", "--author", "Nobody")
    assert (code, "Ada, Ben" in error) == (2, True)


def test_goldens_of_a_home(capsys: pytest.CaptureFixture[str], home: Path) -> None:
    code, found, _ = twin(capsys, home, "goldens", "--author", "Ada", "--most", "6", "--json")
    assert (code, found["goldens"]) == (0, 6)
    lines = Path(found["file"]).read_text(encoding="utf-8").splitlines()
    assert {json.loads(line)["author"] for line in lines} == {"Ada"}


def tiny(folder: Path, seed: int) -> Path:
    """Write a Llama of some hundred thousand weights, which has learned nothing."""
    import torch
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    made = Tokenizer(models.BPE())
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    special = ["<s>", "</s>"]
    trainer = trainers.BpeTrainer(vocab_size=400, special_tokens=special, show_progress=False)
    made.train_from_iterator(pieces(CAREFUL, 8, seed=1), trainer)
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=made, bos_token="<s>", eos_token="</s>", pad_token="</s>"
    )
    tokenizer.chat_template = (
        "{{ bos_token }}{% for m in messages %}{{ m['role'] }}: {{ m['content'] }}\n{% endfor %}"
    )
    torch.manual_seed(seed)
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=1,
        num_attention_heads=2,
        max_position_embeddings=512,
        bos_token_id=0,
        eos_token_id=1,
    )
    LlamaForCausalLM(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def test_model_folders_write_and_read(tmp_path: Path) -> None:
    from twin.evaluation.generation import Checkpoint, Prompted, Sampling
    from twin.evaluation.perplexity import perplexity

    model = Checkpoint(tiny(tmp_path / "model", 1))
    prompts = [Prompted(user="Tell.", system="Be Ada."), Prompted(user="It is, ", continued=True)]
    one = model.write(prompts, Sampling(tokens=20, seed=3))
    assert one == model.write(prompts, Sampling(tokens=20, seed=3))
    assert one != model.write(prompts, Sampling(tokens=20, seed=4))
    assert not any("Tell." in text for text in one)
    texts = dict(enumerate(pieces(CAREFUL, 2, seed=5)))
    named = {str(key): text for key, text in texts.items()}
    found = perplexity(model, named, window=128)
    tokenizer, loaded = model.loaded()
    # A model that has learned nothing is as surprised as by a die with as many sides as it has words.
    assert found.perplexity.value == pytest.approx(len(tokenizer), rel=0.1)
    whole = tokenizer(named["0"], return_tensors="pt").input_ids
    assert found.documents[0].tokens == whole.shape[1]
    short = perplexity(model, {"s": named["0"][:200]}, window=512).documents[0]
    import torch

    ids = torch.cat(
        [
            torch.zeros((1, 1), dtype=torch.long),
            tokenizer(named["0"][:200], return_tensors="pt").input_ids,
        ],
        1,
    )
    loss = float(loaded(ids, labels=ids).loss.detach())
    assert short.nats / short.tokens == pytest.approx(loss, rel=1e-4)


def test_a_comparison_with_its_verdict(
    capsys: pytest.CaptureFixture[str], home: Path, tmp_path: Path
) -> None:
    base = rows(tmp_path / "base.jsonl", pieces(BRISK, 6, seed=11))
    good = rows(tmp_path / "good.jsonl", pieces(CAREFUL, 6, seed=12))
    plain = ("--words", "60", "--json")
    code, found, _ = twin(capsys, home, "run", str(base), str(good), *plain)
    assert code == 0
    [verdict] = found["verdicts"]
    assert verdict["passes"]
    assert [c["holds"] for c in verdict["conditions"]] == [True, None, None, None]
    assert Path(found["plot"]).read_bytes().startswith(b"\x89PNG")
    # The same texts, which the model was trained on: nearer, and worth nothing.
    training = ("--training", str(good))
    code, found, _ = twin(capsys, home, "run", str(base), str(good), *training, *plain)
    assert code == 1
    assert found["candidates"][1]["memorised"]["over"] == 6
    code, _, error = twin(capsys, home, "run", str(good), str(base), "--words", "60")
    assert code == 1
    code, _, error = twin(capsys, home, "run", str(base))
    assert (code, "as in: twin evaluate run" in error) == (2, True)
    code, _, error = twin(capsys, home, "run", "base", "nothing")
    assert (code, "runs: none; models: base" in error) == (2, True)


def test_a_run_beside_its_base(
    capsys: pytest.CaptureFixture[str], home: Path, tmp_path: Path
) -> None:
    base = tiny(tmp_path / "tiny-base", 1)
    run = home / "runs" / "sft-1"
    tiny(run / "merged", 2)
    manifest = {"id": "sft-1", "kind": "sft", "dataset": "own", "base_model": str(base)}
    (run / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    dataset = home / "datasets" / "own"
    dataset.mkdir(parents=True)
    for part, seed in (("train", 21), ("test", 22)):
        written = [
            {
                "messages": [
                    {"role": "system", "content": "Be Ada."},
                    {"role": "user", "content": f"Tell me about {n}."},
                    {"role": "assistant", "content": text},
                ],
                "document_id": str(n),
            }
            for n, text in enumerate(pieces(CAREFUL, 6, seed=seed, sentences=10))
        ]
        lines = "".join(json.dumps(row) + "\n" for row in written)
        (dataset / f"{part}.jsonl").write_text(lines, encoding="utf-8")
    arguments = ("run", str(base), "sft-1", "--texts", "5", "--tokens", "150", "--words", "60")
    code, found, error = twin(capsys, home, *arguments, "--json")
    assert code in {0, 1}, error
    one, other = found["candidates"]
    assert one["perplexity"]["documents"] == other["perplexity"]["documents"] == 6
    assert (other["memorised"]["texts"], other["memorised"]["over"]) == (5, 0)
    assert other["rouge_l"] is not None
    assert (run / "evaluation" / "comparison.json").is_file()
    [kept] = (run / "evaluation").glob("texts-*.jsonl")
    written_at = kept.stat().st_mtime_ns
    twin(capsys, home, *arguments)
    assert kept.stat().st_mtime_ns == written_at
    code, table, _ = twin(capsys, home, "style", "sft-1", "--words", "60")
    assert "sft-1" in table
    # A set of that name that is another one is neither held out nor what was learned.
    other = {**manifest, "dataset_sha256": {"train.jsonl": "0" * 64}}
    (run / "manifest.json").write_text(json.dumps(other), encoding="utf-8")
    code, _, error = twin(capsys, home, *arguments)
    assert (code, "made again since sft-1" in error) == (2, True), error
    assert "there is nothing for" in error
    # The configuration says where the file lies, wherever that is.
    elsewhere = tmp_path / "elsewhere"
    dataset.rename(elsewhere)
    known = hashlib.sha256((elsewhere / "train.jsonl").read_bytes()).hexdigest()
    config = {"datasets": [{"path": str(elsewhere / "train.jsonl")}]}
    (run / "config.yaml").write_text(json.dumps(config), encoding="utf-8")
    other = {**manifest, "dataset_sha256": {"train.jsonl": known}}
    (run / "manifest.json").write_text(json.dumps(other), encoding="utf-8")
    # What a run of DPO gives back may be of the set that the run before it learned from.
    after = home / "runs" / "dpo-1"
    (after / "adapter").mkdir(parents=True)
    (after / "adapter" / "adapter_config.json").write_text("{}", encoding="utf-8")
    own = {**manifest, "id": "dpo-1", "kind": "dpo", "base_run": "sft-1", "dataset": "gone"}
    (after / "manifest.json").write_text(json.dumps(own), encoding="utf-8")
    with Home(home) as opened:
        names = Known(home=home, models=(), chat_model=opened.registry.chat_model)
        found, preferring = candidate("sft-1", names), candidate("dpo-1", names)
    assert (found.dataset, len(found.training), found.notes) == (elsewhere, 6, ())
    assert list(preferring.training.values()) == list(found.training.values())
    assert "the set gone" in preferring.notes[0]


def test_what_a_chat_model_wrote_is_kept_until_it_is_another(
    capsys: pytest.CaptureFixture[str], home: Path, tmp_path: Path
) -> None:
    asked = tmp_path / "prompts.jsonl"
    asked.write_text(json.dumps({"prompt": "What is of 1?"}) + "\n", encoding="utf-8")
    hers = rows(tmp_path / "hers.jsonl", pieces(CAREFUL, 4, seed=9))
    settings = (home / "twin.toml").read_text(encoding="utf-8")
    arguments = ("run", "base", str(hers), "--prompts", str(asked), "--words", "60")
    kept = home / "evaluation" / "texts"
    for options, files in (("", 1), ("", 1), ("sentences = 2", 2)):
        table = f'[models]\nchat = {{ use = "quotes"{", " if options else ""}{options} }}\n'
        (home / "twin.toml").write_text(f"{settings}{table}", encoding="utf-8")
        _, _, error = twin(capsys, home, *arguments)
        assert len(list(kept.glob("texts-*.jsonl"))) == files, error
