"""`twin export --gguf` by llama.cpp's own converter, and what llama.cpp makes of the file.

The converter is no part of this repository: TEST_LLAMA_CPP names a folder that has it, such as the one that
the source distribution of llama-cpp-python carries (docs/training.md).
"""

import os
from pathlib import Path

import httpx
import pytest

from tests.tiny import write_llama
from twin.cli import run as twin
from twin.documents import Audience
from twin.training.runs import Manifest, Run, State, write_manifest

CONVERTER = "convert_hf_to_gguf.py"
PROMPT = "def main"
TOKENS = 12


@pytest.fixture(scope="module")
def llama_cpp() -> Path:
    folder = Path(os.environ.get("TEST_LLAMA_CPP", "none"))
    if not (folder / CONVERTER).is_file():
        pytest.skip(f"no {CONVERTER} of llama.cpp: name its folder in TEST_LLAMA_CPP")
    return folder


@pytest.fixture
def home(tmp_path: Path, llama_cpp: Path, axolotl: Path) -> Path:
    """A home with a finished run of a full fine-tuning, whose model is a tiny Llama."""
    home = tmp_path / "home"
    home.mkdir()
    (home / "twin.toml").write_text(
        f'[training]\nenvironment = "{axolotl}"\nllama_cpp = "{llama_cpp}"\n', "utf-8"
    )
    return home


def put(home: Path, family: str) -> Run:
    manifest = Manifest(
        id=f"sft-{family}",
        kind="sft",
        state=State.DONE,
        created_at="2026-01-01T00:00:00+00:00",
        recipe="sft-full",
        recipe_sha256="",
        base_model="llama",
        dataset="mine",
        dataset_sha256={},
        rows=1,
        audience=Audience.PRIVATE,
        seed=0,
        versions={},
    )
    run = Run(home / "runs" / manifest.id, manifest)
    write_llama(run.folder / "model", family)
    write_manifest(run)
    return run


def spoken(path: Path) -> list[int]:
    """Return the tokens that llama.cpp goes on with, without any chance."""
    xllamacpp = pytest.importorskip("xllamacpp")
    params = xllamacpp.CommonParams()
    params.model.path = str(path)
    params.n_ctx, params.n_parallel, params.verbosity = 256, 1, -1
    params.warmup, params.ui = False, False
    params.cpuparams.n_threads = 1
    server = xllamacpp.Server(params)
    body = {"prompt": PROMPT, "n_predict": TOKENS, "temperature": 0, "return_tokens": True}
    with httpx.Client(trust_env=False, timeout=60) as client:
        said = client.post(f"{server.listening_address}/completion", json=body).json()
    found: list[int] = said["tokens"]
    return found


def generated(folder: Path) -> list[int]:
    """Return the same by transformers, from the model that was converted."""
    transformers = pytest.importorskip("transformers")
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    model = transformers.AutoModelForCausalLM.from_pretrained(folder)
    ids = tokenizer(PROMPT, return_tensors="pt").input_ids
    out = model.generate(ids, max_new_tokens=TOKENS, do_sample=False)
    found: list[int] = out[0][ids.shape[1] :].tolist()
    return found


def test_llama_cpp_says_what_the_model_says(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = put(home, "llama2")
    assert twin(["--home", str(home), "export", run.id, "--gguf", "--type", "f16"]) == 0
    path = Path(capsys.readouterr().out.strip())
    assert path.read_bytes().startswith(b"GGUF")
    assert [file.name for file in run.folder.glob("*.gguf")] == [path.name]
    assert spoken(path) == generated(run.folder / "model")


def test_a_tokenizer_that_the_converter_does_not_know_is_said(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = put(home, "llama3")
    assert twin(["--home", str(home), "export", run.id, "--gguf"]) == 1
    told = capsys.readouterr().err
    assert "BPE pre-tokenizer was not recognized" in told
    assert "hint: llama.cpp's converter knows tokenizers by" in told
    assert "Traceback" not in told
    assert not list(run.folder.glob("*.gguf"))
