"""The command line as its user calls it, in processes of its own, on the sample author."""

import json
import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
AUTHOR = ROOT / "examples" / "sample-author"

Twin = Callable[..., subprocess.CompletedProcess[str]]


def _runner(home: Path) -> Twin:
    def run(*arguments: str, code: int | None = 0, **env: str) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [sys.executable, "-m", "twin.cli", *arguments],
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, "TWIN_HOME": str(home), "HF_HUB_OFFLINE": "1", **env},
        )
        assert code is None or done.returncode == code, (done.stdout, done.stderr)
        return done

    return run


@pytest.fixture
def twin(tmp_path: Path, converted_model: Path) -> Twin:
    shutil.copytree(converted_model, tmp_path / "home" / "cache", dirs_exist_ok=True)
    return _runner(tmp_path / "home")


@pytest.fixture(scope="module")
def ines(tmp_path_factory: pytest.TempPathFactory) -> Twin:
    """A home with the sample author, taken in once for the tests that only read."""
    run = _runner(tmp_path_factory.mktemp("ines") / "home")
    run("init", "--person", "Ines Marlow")
    done = run("ingest", *(str(AUTHOR / part) for part in ("essays", "posts", "code")), "--json")
    report = json.loads(done.stdout)
    assert [source["failed"] for source in report["sources"]] == [[], [], []]
    return run


def test_every_file_of_the_sample_author_is_accounted_for(ines: Twin) -> None:
    files = [p for part in ("essays", "posts", "code") for p in (AUTHOR / part).rglob("*")]
    written = [p for p in files if p.is_file() and "__pycache__" not in p.parts]
    status = json.loads(ines("status", "--json").stdout)
    skipped = [p for p in written if p.suffix == ".toml"]
    assert status["warehouse"]["documents"] == len(written) - len(skipped)
    assert status["index"]["documents"] == status["warehouse"]["documents"]
    assert status["index"]["backlog"] == 0


def test_a_second_ingest_embeds_nothing(ines: Twin) -> None:
    report = json.loads(ines("ingest", str(AUTHOR / "essays"), "--json").stdout)
    assert report["sources"][0]["unchanged"] == report["sources"][0]["found"] > 0
    assert report["index"]["embedded"] == 0


def test_ask_answers_with_citations_that_lead_to_the_very_passage(ines: Twin) -> None:
    answer = json.loads(ines("ask", "Why did Slackwater leave Kubernetes?", "--json").stdout)
    assert set(answer) == {"answer", "sources", "support", "filters", "timings"}
    assert "only one of us could debug it" in answer["answer"]
    assert answer["support"]
    assert all(one["supported"] for one in answer["support"]), answer["support"]
    assert [source["n"] for source in answer["sources"]] == list(
        range(1, len(answer["sources"]) + 1)
    )
    for source in answer["sources"]:
        assert f"[{source['n']}]" in answer["answer"]
        document, version = source["document_id"], str(source["version"])
        text = ines("show", document, "--version", version).stdout
        assert text[source["start"] : source["end"]] == source["text"]
        for start, end in source["quotes"]:
            assert source["start"] <= start < end <= source["end"]


def test_ask_streams_the_answer_and_prints_the_sources(ines: Twin) -> None:
    shown = ines("ask", "What happens to an alert that wakes somebody up twice?").stdout
    answer, _, sources = shown.partition("\n\n")
    assert "either fixed or deleted by Friday" in answer
    assert "[1]" in answer
    assert sources.startswith("[1] ")
    assert "2022-11-16" in sources
    assert "“" in sources


def test_what_was_never_written_about_is_refused(ines: Twin) -> None:
    with (ROOT / "examples" / "questions.toml").open("rb") as file:
        questions = tomllib.load(file)
    for entry in questions["unanswerable"]:
        answer = json.loads(ines("ask", entry["question"], "--json").stdout)
        assert answer["answer"] == "I have not written about that."
        assert answer["sources"] == []


def test_the_demonstrated_questions_are_answered(ines: Twin) -> None:
    with (ROOT / "examples" / "questions.toml").open("rb") as file:
        shown = [q for q in tomllib.load(file)["question"] if q.get("demo")]
    assert len(shown) == 3
    for entry in shown:
        answer = json.loads(ines("ask", entry["question"], "--json").stdout)
        cited = [source["url"] for source in answer["sources"]]
        texts = " ".join(source["text"] for source in answer["sources"])
        assert entry["answer_contains"] in texts, (entry["question"], cited)


def test_search_json_has_the_promised_fields(ines: Twin) -> None:
    found = json.loads(ines("search", "tide gauge", "--json", "-n", "3").stdout)
    assert set(found) == {"results", "filters", "timings"}
    assert 1 <= len(found["results"]) <= 3
    fields = (
        "n title url also_at author kind published_at document_id version start end text score"
        " language topics entities"
    )
    assert set(found["results"][0]) == set(fields.split())


def test_a_private_document_is_never_shown_to_the_public(twin: Twin, tmp_path: Path) -> None:
    notes = tmp_path / "notes"
    notes.mkdir()
    (notes / "secret.md").write_text("# Plan\n\nThe heron nests behind the boiler house.\n")
    twin("ingest", str(notes), "--audience", "private")
    own = json.loads(twin("search", "heron boiler house", "--json").stdout)
    public = json.loads(
        twin("search", "heron boiler house", "--audience", "public", "--json").stdout
    )
    assert len(own["results"]) == 1
    assert public["results"] == []
    assert public["filters"]["audience"] == "public"


def test_a_document_that_became_private_is_private_before_the_index_knows(
    twin: Twin, tmp_path: Path
) -> None:
    notes = tmp_path / "notes"
    notes.mkdir()
    (notes / "a.md").write_text("# Wombat\n\nThe keeper earns ninety thousand guilders.\n")
    twin("ingest", str(notes))
    (notes / "a.md").write_text(
        "---\naudience: private\n---\n# Wombat\n\nThe keeper earns ninety-one thousand.\n"
    )
    twin("ingest", str(notes), "--no-index")
    asked = ("search", "what does the wombat keeper earn", "--json", "--audience", "public")
    assert json.loads(twin(*asked).stdout)["results"] == []
    assert len(json.loads(twin(*asked[:3]).stdout)["results"]) == 1


def test_forget_takes_a_document_out_of_warehouse_and_index(twin: Twin, tmp_path: Path) -> None:
    notes = tmp_path / "notes"
    notes.mkdir()
    (notes / "heron.md").write_text("# Heron\n\nThe heron nests behind the boiler house.\n")
    (notes / "owl.md").write_text("# Owl\n\nThe owl sleeps in the bell tower all day long.\n")
    twin("ingest", str(notes))
    twin("forget", "file:notes/heron.md", "--yes")
    found = json.loads(twin("search", "heron boiler house", "--json").stdout)
    assert [r["title"] for r in found["results"]] == ["Owl"]
    assert json.loads(twin("status", "--json").stdout)["warehouse"]["forgotten"] == 1
    gone = twin("show", "file:notes/heron.md", code=1)
    assert gone.stderr.startswith("error: ")


def test_a_changed_file_is_a_new_version_and_the_old_one_can_be_shown(
    twin: Twin, tmp_path: Path
) -> None:
    notes = tmp_path / "notes"
    notes.mkdir()
    (notes / "a.md").write_text("# Heron\n\nIt nests behind the boiler house.\n")
    twin("ingest", str(notes))
    (notes / "a.md").write_text("# Heron\n\nIt moved to the weir in spring.\n")
    twin("ingest", str(notes))
    assert "weir" in twin("show", "file:notes/a.md").stdout
    assert "boiler" in twin("show", "file:notes/a.md", "--version", "1").stdout
    found = json.loads(twin("search", "where does the heron live", "--json").stdout)
    assert [r["version"] for r in found["results"]] == [2]


def test_what_the_source_dropped_is_kept_until_pruned(twin: Twin, tmp_path: Path) -> None:
    notes = tmp_path / "notes"
    notes.mkdir()
    for name in ("a", "b"):
        (notes / f"{name}.md").write_text(f"# {name}\n\nA note about the letter {name}.\n")
    twin("ingest", str(notes))
    (notes / "b.md").unlink()
    kept = twin("ingest", str(notes))
    assert "--prune" in kept.stderr
    report = json.loads(twin("ingest", str(notes), "--prune", "--json").stdout)
    assert report["sources"][0]["pruned"] == 1
    assert json.loads(twin("status", "--json").stdout)["warehouse"]["documents"] == 1


def test_two_folders_of_one_name_are_not_mixed(twin: Twin, tmp_path: Path) -> None:
    for place in ("one", "two"):
        (tmp_path / place / "notes").mkdir(parents=True)
        (tmp_path / place / "notes" / "a.md").write_text(f"# {place}\n\nWritten in {place}.\n")
    twin("ingest", str(tmp_path / "one" / "notes"))
    refused = twin("ingest", str(tmp_path / "two" / "notes"), code=2)
    assert "--name" in refused.stderr
    twin("ingest", str(tmp_path / "two" / "notes"), "--name", "more")
    assert json.loads(twin("status", "--json").stdout)["warehouse"]["documents"] == 2


def test_files_of_one_folder_can_be_taken_in_one_by_one(twin: Twin, tmp_path: Path) -> None:
    notes = tmp_path / "notes"
    notes.mkdir()
    for name in ("a", "b"):
        (notes / f"{name}.md").write_text(f"# {name}\n\nA note about the letter {name}.\n")
        report = json.loads(twin("ingest", str(notes / f"{name}.md"), "--prune", "--json").stdout)
        assert (report["sources"][0]["new"], report["sources"][0]["pruned"]) == (1, 0)
    whole = json.loads(twin("ingest", str(notes), "--json").stdout)
    assert whole["sources"][0]["unchanged"] == 2


def test_several_commands_at_once_lose_nothing(twin: Twin, tmp_path: Path) -> None:
    names = [f"heron-{number}" for number in range(4)]
    for name in names:
        (tmp_path / name).mkdir()
        (tmp_path / name / "a.md").write_text(f"# {name}\n\nThe bird called {name} was seen.\n")
    with ThreadPoolExecutor() as pool:
        list(pool.map(lambda name: twin("ingest", str(tmp_path / name)), names))
    twin("sync")
    status = json.loads(twin("status", "--json").stdout)
    assert status["warehouse"]["documents"] == status["index"]["documents"] == len(names)
    assert (status["index"]["backlog"], status["index"]["failed"]) == (0, [])
    found = json.loads(twin("search", "which bird was seen", "--json").stdout)
    assert {r["title"] for r in found["results"]} == set(names)


def test_documents_cannot_steer_the_terminal(twin: Twin, tmp_path: Path) -> None:
    notes = tmp_path / "notes"
    notes.mkdir()
    text = (
        "# Heron \x1b[31mred\x1b]0;owned\x07\n\nThe heron nests \x1b[2Jbehind the boiler house.\n"
    )
    (notes / "a\x1b[31m.md").write_text(text)
    (notes / "bad\x1b[31m.md").write_bytes(b"\x80\x81 not text")
    outputs = [
        twin("ingest", str(notes), code=1),
        twin("search", "heron boiler house"),
        twin("ask", "Where does the heron nest?"),
        twin("show", "no\x1b[31m", code=1),
    ]
    assert not any("\x1b" in done.stdout + done.stderr for done in outputs)
    assert "behind the boiler house" in outputs[2].stdout
    [found] = json.loads(twin("search", "heron boiler house", "--json").stdout)["results"]
    assert "\x1b[2J" in twin("show", found["document_id"]).stdout


def test_one_bad_file_is_named_and_the_rest_goes_on(twin: Twin, tmp_path: Path) -> None:
    notes = tmp_path / "notes"
    notes.mkdir()
    (notes / "good.md").write_text("# Good\n\nThis one can be read.\n")
    (notes / "bad.md").write_bytes(b"# Bad\n\n\xff\xfe\x00 not UTF-8 \x80\n")
    done = twin("ingest", str(notes), code=1)
    assert "bad.md" in done.stderr
    assert json.loads(twin("status", "--json").stdout)["warehouse"]["documents"] == 1


def test_export_and_import_bring_a_home_back(twin: Twin, tmp_path: Path) -> None:
    notes = tmp_path / "notes"
    notes.mkdir()
    (notes / "a.md").write_text("# Heron\n\nIt nests behind the boiler house.\n")
    twin("ingest", str(notes))
    twin("warehouse", "export", str(tmp_path / "all.jsonl"))
    other = _runner(tmp_path / "other")
    other("warehouse", "import", str(tmp_path / "all.jsonl"))
    assert other("show", "file:notes/a.md").stdout == twin("show", "file:notes/a.md").stdout
    found = json.loads(other("search", "boiler house", "--json").stdout)
    assert [r["title"] for r in found["results"]] == ["Heron"]


@pytest.mark.parametrize(
    ("arguments", "env", "code", "words"),
    [
        (("aks",), {}, 2, "did you mean `twin ask`?"),
        (("ask",), {}, 2, "--help"),
        (("ask", "  "), {}, 2, "the question is empty"),
        (("ingest", "/nowhere/at/all"), {}, 2, "no file or folder"),
        (("ingest", ""), {}, 2, "an empty source"),
        (("show", "nothing"), {}, 1, "no document"),
        (("forget", "nothing", "--yes"), {}, 1, "nothing here came from"),
        (("status",), {"TWIN_RETRIEVE__PASAGES": "3"}, 2, "TWIN_RETRIEVE__PASAGES"),
        (("search", "x"), {"TWIN_RETRIEVE__RERANKERS": '["nosuch"]'}, 2, "nosuch"),
        (("search", "x"), {"TWIN_INDEX__LANGUAGE": "klingon"}, 2, "klingon"),
    ],
)
def test_mistakes_are_told_with_a_hint_and_the_right_code(
    twin: Twin, arguments: tuple[str, ...], env: dict[str, str], code: int, words: str
) -> None:
    done = twin(*arguments, code=code, **env)
    assert done.stderr.startswith("error: ")
    assert "\nhint: " in done.stderr
    assert words in done.stderr
    assert "Traceback" not in done.stderr


def test_doctor_finds_a_fresh_home_well(twin: Twin) -> None:
    twin("init")
    checks = json.loads(twin("doctor", "--json").stdout)
    assert {c["name"] for c in checks} >= {"settings", "plugins", "warehouse", "embedder", "index"}
    assert [c for c in checks if c["state"] == "broken"] == []
    assert all(c["mend"] for c in checks if c["state"] != "ok")


def test_doctor_names_every_mistake_in_the_settings(twin: Twin, tmp_path: Path) -> None:
    (tmp_path / "home" / "twin.toml").write_text("[retrieve]\npassages = 0\nnosuch = 1\n")
    checks = json.loads(twin("doctor", "--json", code=1).stdout)
    told = next(c for c in checks if c["name"] == "settings")
    assert told["state"] == "broken"
    assert "retrieve.passages" in told["what"]
    assert "retrieve.nosuch" in told["what"]


def test_init_writes_settings_that_are_the_defaults(twin: Twin, tmp_path: Path) -> None:
    twin("init", "--person", 'Ada "the" Example')
    with (tmp_path / "home" / "twin.toml").open("rb") as file:
        assert tomllib.load(file)["person"]["name"] == 'Ada "the" Example'
    twin("status")
    again = twin("init", code=2)
    assert "is there already" in again.stderr


def test_a_reader_that_has_gone_ends_the_output_quietly(ines: Twin, tmp_path: Path) -> None:
    del tmp_path
    source = json.loads(ines("search", "gauge", "--json").stdout)["results"][0]["document_id"]
    home = ines("status", "--json")
    folder = json.loads(home.stdout)["home"]
    shown = f"{sys.executable} -m twin.cli --home {folder} show {source}"
    command = f"set -o pipefail; {shown} | true && {shown} | head -c 10"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False)
    assert len(done.stdout) == 10
    assert (done.returncode, done.stderr) == (0, "")


def test_a_draft_says_when_each_sentence_was_said_and_an_edit_is_kept(
    ines: Twin, tmp_path: Path
) -> None:
    asked = ("draft", "why we left Kubernetes", "--words", "60")
    draft = json.loads(ines(*asked, "--json").stdout)
    assert draft["assembled"]
    assert len(draft["variants"]) == 2
    for variant in draft["variants"]:
        for one in variant["sentences"]:
            assert variant["text"][one["start"] : one["end"]] == one["text"]
            [rest] = one["rests"]
            assert rest["said"] == f"you said this in {rest['published_at'][:4]}"
            text = ines("show", rest["document_id"], "--version", str(rest["version"])).stdout
            said = " ".join(text[rest["start"] : rest["end"]].split())
            assert one["text"] in said
    # Once how she writes was learned, every draft says how much of her there is in each sentence.
    assert {one["sounds"] for v in draft["variants"] for one in v["sentences"]} == {None}
    ines(*asked, "--voice", "--json")
    draft = json.loads(ines(*asked, "--json").stdout)
    assert all(0 <= one["sounds"] <= 1 for v in draft["variants"] for one in v["sentences"])
    editor = tmp_path / "editor"
    editor.write_text("#!/bin/sh\necho 'I would have written it otherwise.' > \"$1\"\n")
    editor.chmod(0o700)
    done = ines(*asked, "--edit", "1", EDITOR=str(editor))
    assert "only quotes" in done.stderr
    [edit] = json.loads(ines("feedback", "list", "--json").stdout)
    assert (edit["kind"], edit["edited"]) == ("edit", "I would have written it otherwise.")
    assert edit["sources"]
    ines("feedback", "forget", edit["id"])
    ines(*asked, "--edit", "3", code=2)
