"""`twin draft`: write as the person would, with where each sentence was said before.

In: a subject, a kind and a length. Out: variants, sentence by sentence with the date of what it rests
on; an edited one is kept as feedback.
"""

import uuid
from pathlib import Path

import click

from twin import observe
from twin.chat.drafting import Drafter
from twin.chat.drafts import Brief, Draft, DraftToken, DraftVariant
from twin.chat.opinions import about_draft
from twin.chat.opinions import edit as edited
from twin.chat.wish import Wish
from twin.cli import output
from twin.cli.evaluate_style import voice_of_home
from twin.documents import Audience, Kind
from twin.errors import UsageError
from twin.home import Home
from twin.warehouse.feedback import FeedbackKind

LONGEST = 2000
"""Words; a longer text is a book, and is written in parts."""

KINDS = (Kind.POST, Kind.ARTICLE, Kind.MESSAGE)


@click.command("draft")
@click.argument("about")
@click.option(
    "--kind",
    type=click.Choice([kind.value for kind in KINDS]),
    default=Kind.POST.value,
    show_default=True,
    help="What is to be written.",
)
@click.option(
    "--words", type=click.IntRange(10, LONGEST), default=120, show_default=True, help="Its length."
)
@click.option(
    "--variants", type=click.IntRange(1, 4), default=2, show_default=True, help="How many."
)
@click.option("--model", default="", help="An adapter of twin.toml. [default: models.chat]")
@click.option("--audience", type=click.Choice([a.value for a in Audience]), help="For whom.")
@click.option(
    "--edit", type=int, help="Open this variant in $EDITOR, and keep what you make of it."
)
@click.option(
    "--voice",
    is_flag=True,
    help="Learn how you write first (some seconds, then kept), to mark what does not sound like you.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@click.pass_obj
def draft_command(  # noqa: PLR0913 - the options of one command
    home_option: Path | None,
    about: str,
    *,
    kind: str,
    words: int,
    variants: int,
    model: str,
    audience: str | None,
    edit: int | None,
    voice: bool,
    as_json: bool,
) -> int:
    """Write variants of a text ABOUT something, in the voice of what has been written.

    Behind every sentence stands when you said it, or that you did not.
    """
    about = output.asked(about)
    if edit is not None and (as_json or not 1 <= edit <= variants):
        message = f"--edit {edit}: it takes the number of a variant, and not --json"
        raise UsageError(message, f"the variants are 1 to {variants}")
    with (
        Home(home_option) as home,
        observe.start(home.settings, folder=home.folder, mask=home.mask) as observer,
    ):
        asker = Audience(audience) if audience else home.settings.retrieve.audience
        brief = Brief(about=about, kind=Kind(kind), words=words, audience=asker)
        if voice and voice_of_home(home) is None:
            output.note(
                "how you write cannot be told: there is too little of it, or scikit-learn is missing"
            )
        with output.waiting("loading"):
            drafter = home.drafter
        done = _shown(drafter, brief, variants, Wish(model=model), quiet=as_json)
        if as_json:
            output.emit_json(done.as_json())
            return 0
        for variant in done.variants:
            _print_marks(variant)
        for text in done.notes:
            output.note(text)
        if where := observer.trace_url(done.trace_id):
            output.note(f"the trace of this draft: {where}")
        if edit is not None and edit <= len(done.variants):
            text = _edited(home, done, done.variants[edit - 1])
            if text:
                observer.score(done.trace_id, FeedbackKind.EDIT.value, 1.0, text)
        elif edit is not None:
            output.note(f"there is no variant {edit} to edit")
    return 0


def _shown(drafter: Drafter, brief: Brief, variants: int, wish: Wish, *, quiet: bool) -> Draft:
    """Return the draft, shown while it is written."""
    at = 0
    for event in drafter.stream(brief, variants=variants, wish=wish):
        if isinstance(event, Draft):
            if at and not quiet:
                click.echo()
            return event
        if isinstance(event, DraftToken) and not quiet:
            if event.variant != at:
                click.echo("\n" if at else "", nl=bool(at))
                click.secho(f"Variant {event.variant}", bold=True)
                at = event.variant
            click.echo(output.plain(event.text), nl=False)
    raise TypeError(brief)  # pragma: no cover - the stream ends with a draft


def _print_marks(variant: DraftVariant) -> None:
    click.echo()
    click.secho(f"Variant {variant.number}: {variant.words} words", bold=True)
    for one in variant.sentences:
        sentence = " ".join(variant.text[one.start : one.end].split())
        marks = [rest.said for rest in one.rests] or ["you have not written this"]
        marks += ["it does not sound like you"] if one.unlike else []
        click.echo(f"  {output.plain(sentence)}")
        where = f" ({one.rests[0].title})" if one.rests and one.rests[0].title else ""
        click.secho(f"    {output.plain('; '.join(marks) + where)}", dim=True)


def _edited(home: Home, draft: Draft, variant: DraftVariant) -> str:
    """Have a variant edited, keep what came of it, and return it; empty if nothing was changed."""
    text = click.edit(variant.text + "\n", extension=".md")
    if text is None or text.strip() == variant.text.strip():
        output.note("nothing was changed, so nothing is kept")
        return ""
    thread = f"draft:{uuid.uuid4()}"
    given = about_draft(
        draft, variant, thread_id=thread, message_id=f"{thread}:{variant.number}", user=""
    )
    home.warehouse.put_feedback(edited(given, text))
    click.echo("What you made of it is kept: `twin feedback list` shows it.")
    return text.strip()
