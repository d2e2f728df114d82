"""What the enrichers find of what there is to find, and what they cost.

- languages: sentences of 5 to 15 words, written for this in six languages.
- keywords: simonw's notes without their folders; is the folder's name among the five keywords?
- entities: presidio's synthetic sentences with marked people, organisations and places.
- time: all three enrichers over the notes and matklad's posts.

Run: ``python -m benchmarks.enrichment``
"""

import json
import time
from collections.abc import Iterable
from pathlib import Path

from benchmarks.report import SHARED, Row, report
from twin.basics.enrichers import COMPONENTS
from twin.basics.entities import names
from twin.basics.topics import keywords
from twin.components import BuildContext
from twin.documents import Document, Kind, topic_key
from twin.ingest.enriching import enrich

POSTS = {
    "en": (
        "Finally fixed the gate, it was the hinge all along.",
        "Reading about tide tables again instead of sleeping.",
        "Two hours lost to a trailing slash in a config file.",
        "New post: why I stopped rewriting my own tools.",
        "Does anybody still print their photographs?",
    ),
    "de": (
        "Endlich das Gartentor repariert, es war die ganze Zeit das Scharnier.",
        "Schon wieder Gezeitentafeln gelesen statt zu schlafen.",
        "Zwei Stunden wegen eines Schrägstrichs in der Konfiguration verloren.",
        "Neuer Beitrag: warum ich meine Werkzeuge nicht mehr neu schreibe.",
        "Druckt eigentlich noch jemand seine Fotos aus?",
    ),
    "fr": (
        "Enfin réparé le portail, c'était la charnière depuis le début.",
        "Encore lu des tables de marées au lieu de dormir.",
        "Deux heures perdues pour une barre oblique dans la configuration.",
        "Nouveau billet : pourquoi je ne réécris plus mes propres outils.",
        "Est-ce que quelqu'un imprime encore ses photos ?",
    ),
    "es": (
        "Por fin arreglé la puerta, era la bisagra desde el principio.",
        "Otra vez leyendo tablas de mareas en lugar de dormir.",
        "Dos horas perdidas por una barra en la configuración.",
        "Nueva entrada: por qué ya no reescribo mis herramientas.",
        "¿Alguien imprime todavía sus fotografías?",
    ),
    "it": (
        "Finalmente ho riparato il cancello, era la cerniera.",
        "Di nuovo a leggere le tavole delle maree invece di dormire.",
        "Due ore perse per una barra nella configurazione.",
        "Nuovo articolo: perché non riscrivo più i miei strumenti.",
        "Qualcuno stampa ancora le proprie fotografie?",
    ),
    "nl": (
        "Eindelijk het hek gemaakt, het was al die tijd het scharnier.",
        "Weer getijdentafels gelezen in plaats van te slapen.",
        "Twee uur kwijt aan een schuine streep in de configuratie.",
        "Nieuw stuk: waarom ik mijn gereedschap niet meer herschrijf.",
        "Drukt iemand zijn foto's eigenlijk nog af?",
    ),
}


def main() -> None:
    """Measure and report."""
    rows = [*_languages()]
    if SHARED.is_dir():
        rows += [*_keywords(), *_entities(), *_time()]
    else:
        print("the real data does not lie beside the checkout (../shared/data): languages only")
    report("enrichment", rows)


def _languages() -> Iterable[Row]:
    [component] = [c for c in COMPONENTS if c.name == "language"]
    told = component.build(component.options(), BuildContext(cache=Path(), data=Path()))
    right = wrong = none = 0
    for language, sentences in POSTS.items():
        for sentence in sentences:
            found = told(Document(source="post:1", text=sentence, kind=Kind.POST)).language
            right += found == language
            none += not found
            wrong += found not in {language, ""}
    total = right + wrong + none
    yield Row("languages of short posts: told rightly", right / total, f"of {total}")
    yield Row("languages of short posts: told wrongly", wrong / total, f"of {total}")


def _notes(folder: Path) -> list[tuple[Path, Document]]:
    files = sorted(path for path in folder.rglob("*.*") if path.suffix in {".md", ".dj"})
    return [
        (path, Document(source=f"note:{path.name}", text=path.read_text("utf-8", "replace")))
        for path in files
    ]


def _keywords() -> Iterable[Row]:
    found = total = 0
    for path, document in _notes(SHARED / "authors" / "simonw-til"):
        folder = topic_key(path.parent.name.replace("-", " "))
        words = keywords(document, 5)
        total += 1
        found += any(folder in (word, *word.split()) or word in folder.split() for word in words)
    yield Row("notes whose folder is among their five keywords", found / total, f"of {total}")


def _entities() -> Iterable[Row]:
    wanted = {"PERSON", "ORGANIZATION", "GPE"}
    path = SHARED / "safety" / "pii_sentences.json"
    there = met = told = marked = 0
    for entry in json.loads(path.read_text("utf-8")):
        found = [topic_key(name) for name in names(entry["full_text"])]
        values = [(s["entity_type"], topic_key(s["entity_value"])) for s in entry["spans"]]
        for kind, value in values:
            if kind in wanted:
                there += 1
                met += any(name in value or value in name for name in found)
        told += len(found)
        marked += sum(any(name in v or v in name for _, v in values) for name in found)
    yield Row("marked names that are found, in whole or in part", met / there, f"of {there}")
    yield Row("found names that are marked", marked / told, f"of {told}")


def _time() -> Iterable[Row]:
    context = BuildContext(cache=Path(), data=Path())
    enrichers = [component.build(component.options(), context) for component in COMPONENTS]
    notes = _notes(SHARED / "authors")
    enrich(notes[0][1], enrichers)
    begun, busy = time.perf_counter(), time.process_time()
    for _, document in notes:
        enrich(document, enrichers)
    thousands = len(notes) / 1000
    yield Row("a thousand documents", (time.perf_counter() - begun) / thousands, "s")
    yield Row("the same, of the processor", (time.process_time() - busy) / thousands, "s")


if __name__ == "__main__":
    main()
