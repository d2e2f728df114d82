"""Was the person learned? One small model before and after training on one author's earlier posts.

On the author's later posts: the perplexity of their text; and twenty texts of 150 tokens, written on
instructions out of those posts, their distance from the author and what they share with the training
set. All before and after, by the same sampling. Other people are simonw and the Handbook's authors.

Each part is kept in the cache, so the base can be measured before the training is over.

Run: ``python -m benchmarks.person --base FOLDER --set FOLDER [--tuned FOLDER | --adapter FOLDER]``
where the set is a folder of ``twin dataset sft`` made from matklad-posts.
"""

import argparse
import hashlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks.report import RESULTS, SHARED, Row, report
from benchmarks.style import MATKLAD, SIMONW, folder, handbook
from twin.evaluation.comparing import Measured
from twin.evaluation.corpus import Corpus
from twin.evaluation.generation import Checkpoint, Prompted, Sampling
from twin.evaluation.intervals import Interval
from twin.evaluation.memorisation import memorised
from twin.evaluation.perplexity import Perplexity, Surprise, perplexity, ratio, summed
from twin.evaluation.plots import draw_style
from twin.evaluation.style import Scale
from twin.evaluation.verdict import gain

TEXTS = 20
TOKENS = 150
WORDS = 80
"""Of a window; 150 tokens are some hundred words, and some of them code."""
CHARACTERS = 1200
"""Of each later post, whose perplexity is measured: one window of about 300 tokens."""
BEFORE, AFTER, GIVEN = "before", "after", "before, given the post's first words"

Rows = Sequence[Mapping[str, Any]]


def rows_of(path: Path) -> list[dict[str, Any]]:
    """Return the rows of a set."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def later_posts(test: Rows) -> dict[str, str]:
    """Return the beginnings of the posts that are dated like the test part, by file name."""
    first = min(row["published_at"] for row in test)
    return {
        name: text[:CHARACTERS]
        for name, text in folder(MATKLAD, "*.dj").items()
        if Path(name).name[:10] >= first
    }


def instructions(test: Rows) -> list[Prompted]:
    """Return twenty instructions of the test part, in turn from each of its posts."""
    by_post: dict[str, list[Mapping[str, Any]]] = {}
    for row in test:
        if row["form"] == "instruction":
            by_post.setdefault(row["document_id"], []).append(row)
    most = max(len(rows) for rows in by_post.values())
    turns = [rows[n] for n in range(most) for rows in by_post.values() if n < len(rows)]
    found = []
    for row in turns[:TEXTS]:
        said = {message["role"]: message["content"] for message in row["messages"]}
        prompt = Prompted(user=said["user"], system=said["system"], reference=said["assistant"])
        found.append(prompt)
    return found


def beginnings(posts: Mapping[str, str]) -> list[Prompted]:
    """Return the later posts' titles and first paragraphs, to be gone on with."""
    found = []
    for text in posts.values():
        title, _, rest = text.partition("\n\n")
        found.append(
            Prompted(user=f"{title}\n\n{rest.split(chr(10) + chr(10))[0]}\n", continued=True)
        )
    return [*found, *found][:TEXTS]


class Kept:
    """Measurements that are kept in a folder, by what they are of."""

    def __init__(self, place: Path) -> None:
        self._place = place

    def get(self, name: str, *of: object) -> Path:
        """Return where a measurement lies, or will."""
        key = hashlib.sha256(repr(of).encode()).hexdigest()[:12]
        self._place.mkdir(parents=True, exist_ok=True)
        return self._place / f"{name}-{key}.json"


def told(label: str) -> Any:
    """Return what prints how far something is."""
    return lambda done, every: print(f"  {label}: {done} of {every}", flush=True)


def read(kept: Kept, model: Checkpoint, posts: Mapping[str, str]) -> Perplexity:
    """Return the perplexity of the later posts; each is kept, so it can be interrupted."""
    found = []
    for name, text in posts.items():
        place = kept.get("perplexity", str(model.folder), str(model.adapter), text)
        if not place.is_file():
            [one] = perplexity(model, {name: text}).documents
            place.write_text(json.dumps(asdict(one)), encoding="utf-8")
            print(f"  perplexity of {name}: {len(found) + 1} of {len(posts)}", flush=True)
        found.append(Surprise(**json.loads(place.read_text(encoding="utf-8"))))
    return summed(found)


def write(kept: Kept, model: Checkpoint, prompts: Sequence[Prompted]) -> list[str]:
    """Return a text for every prompt."""
    place = kept.get("texts", str(model.folder), str(model.adapter), list(prompts))
    if not place.is_file():
        found = model.write(prompts, Sampling(tokens=TOKENS, seed=1), told("texts"))
        place.write_text(json.dumps(found, ensure_ascii=False, indent=1), encoding="utf-8")
    texts: list[str] = json.loads(place.read_text(encoding="utf-8"))
    return texts


def scale_before(test: Rows) -> Scale:
    """Return the author's scale, made without the later posts."""
    first = min(row["published_at"] for row in test)
    own = {
        name: text for name, text in folder(MATKLAD, "*.dj").items() if Path(name).name[:10] < first
    }
    others = folder(SIMONW, "*.md")
    for author in handbook(everything=False).values():
        others |= author
    return Scale(Corpus("matklad", own, others), WORDS, told=told("scale"))


def figure(what: str, found: Interval, wanted: str = "") -> Row:
    """Return a figure with its interval."""
    return Row(what, found.value, f"[{found.low:.3f}, {found.high:.3f}]", wanted)


def main() -> None:
    """Measure and report."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--base", type=Path, help="the model before, a folder")
    parser.add_argument("--set", type=Path, dest="dataset", help="train.jsonl and test.jsonl")
    parser.add_argument("--trained-on", type=Path, help="the rows trained on, if not the set's")
    parser.add_argument("--tuned", type=Path, help="the model after, a folder")
    parser.add_argument("--adapter", type=Path, help="or the adapter that makes it of the base")
    parser.add_argument(
        "--beginnings", action="store_true", help="have the model before go on with the posts, too"
    )
    parser.add_argument("--cache", type=Path, default=RESULTS / "person")
    asked = parser.parse_args()
    if not SHARED.exists() or asked.base is None or asked.dataset is None:
        print("name a model with --base and a set with --set: nothing to measure")
        return
    test = rows_of(asked.dataset / "test.jsonl")
    posts, prompts, kept = later_posts(test), instructions(test), Kept(asked.cache)
    models = {BEFORE: Checkpoint(asked.base, batch=TEXTS)}
    if asked.tuned or asked.adapter:
        models[AFTER] = Checkpoint(asked.tuned or asked.base, asked.adapter, batch=TEXTS)
    surprise = {name: read(kept, model, posts) for name, model in models.items()}
    texts = {name: write(kept, model, prompts) for name, model in models.items()}
    if asked.beginnings:
        texts[GIVEN] = write(kept, models[BEFORE], beginnings(posts))
    places = {"later posts, the author's own": list(posts.values()), **texts}
    style = scale_before(test).report(places)
    marks = {mark.name: mark for mark in style.marks}
    rows = [
        Row("later posts", len(posts), ""),
        Row("texts", len(prompts), f"of {TOKENS} tokens"),
    ]
    for name, one in surprise.items():
        rows.append(figure(f"perplexity of later posts, {name}", one.perplexity))
        rows.append(figure(f"bits a character, {name}", one.bits_per_character))
    if AFTER in surprise:
        found = ratio(surprise[AFTER], surprise[BEFORE])
        rows.append(figure("perplexity after over before", found, "interval below 1"))
    rows.append(figure("the scale: AUC of author and others", style.told_apart.auc))
    rows += [figure(f"distance: {name}", mark.distance) for name, mark in marks.items()]
    rows += [figure(f"pass as the author's: {name}", mark.passes) for name, mark in marks.items()]
    rows += [
        Row(f"Delta, impostors: {name}", mark.delta, f"{mark.impostors:.2f}")
        for name, mark in marks.items()
        if name in places
    ]
    if AFTER in texts:
        one, base = (
            Measured(name=name, texts=tuple(texts[name]), style=marks[name])
            for name in (AFTER, BEFORE)
        )
        rows.append(figure("nearer to the author by", gain(one, base), "interval above 0"))
        training = training_texts(asked.trained_on or asked.dataset / "train.jsonl")
        tokenizer, _ = models[AFTER].loaded()
        for what, tokenize in (
            ("words and marks", None),
            (
                "the model's tokens",
                lambda text: tokenizer(text, add_special_tokens=False).input_ids,
            ),
        ):
            more = {"tokenize": tokenize} if tokenize else {}
            shared = memorised(texts[AFTER], training, **more)
            longest = max(span.tokens for span in shared.longest)
            rows.append(Row(f"texts with 30 {what} of the training set", len(shared.over), "", "0"))
            rows.append(Row(f"longest shared span, {what}", longest, ""))
    report("person", rows)
    print(draw_style(style, RESULTS / "person.png"))
    for name, found_texts in texts.items():
        counts = Counter(len(text.split()) for text in found_texts)
        print(
            f"\n{name} ({min(counts)} to {max(counts)} words), the first: {found_texts[0][:400]!r}"
        )


def training_texts(path: Path) -> dict[str, str]:
    """Return all that was said in the rows that were trained on."""
    return {
        str(number): "\n".join(message["content"] for message in row["messages"])
        for number, row in enumerate(rows_of(path))
    }


if __name__ == "__main__":
    main()
