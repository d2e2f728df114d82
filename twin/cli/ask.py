"""`twin ask`: answer a question, every sentence with its source.

In: a question. Out: the answer as it is written, then its sources with the words it rests on.
"""

from pathlib import Path

import click

from twin import observe
from twin.chat.answer import Answer, Source, Token
from twin.chat.wish import Wish
from twin.cli import output
from twin.cli.narrowing import narrowed, narrowing
from twin.documents import Audience
from twin.home import Home

QUOTE = 400
"""Characters of a quotation on the terminal; ``--json`` has the whole passage."""


@click.command("ask")
@click.argument("question")
@click.option("--audience", type=click.Choice([a.value for a in Audience]), help="Who asks.")
@narrowing
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@click.pass_obj
def ask_command(
    home_option: Path | None,
    /,
    question: str,
    audience: str | None,
    *,
    as_json: bool,
    **said: tuple[str, ...],
) -> int:
    """Answer QUESTION from what has been written, with numbered sources."""
    question = output.asked(question)
    with (
        Home(home_option) as home,
        observe.start(home.settings, folder=home.folder, mask=home.mask) as observer,
    ):
        asker = Audience(audience) if audience else home.settings.retrieve.audience
        with output.waiting("loading"):
            answerer = home.answerer
            wish = Wish(filters=narrowed(said))
        if as_json:
            answer = answerer.answer(question, audience=asker, wish=wish)
            where = observer.trace_url(answer.trace_id)
            output.emit_json(answer.as_json() | ({"trace_url": where} if where else {}))
            return 0
        for event in answerer.stream(question, audience=asker, wish=wish):
            if isinstance(event, Token):
                click.echo(output.plain(event.text), nl=False)
            elif isinstance(event, Answer):
                click.echo()
                _print(event)
                if where := observer.trace_url(event.trace_id):
                    output.note(f"the trace of this answer: {where}")
    return 0


def _print(answer: Answer) -> None:
    for source in answer.sources:
        click.echo()
        _print_source(source)
    for one in answer.support:
        if not one.supported:
            sentence = " ".join(answer.text[one.start : one.end].split())
            click.secho(f"\nnot borne out: “{output.plain(sentence)}”", bold=True)
            click.secho(f"    {output.plain(one.reason)}", dim=True)
    for text in answer.notes:
        output.note(text)


def _print_source(source: Source) -> None:
    passage = source.passage
    date = f", {passage.published_at[:10]}" if passage.published_at else ""
    author = f", {passage.author}" if passage.author else ""
    title = output.plain(f"{passage.title or passage.source}{author}{date}")
    click.secho(f"[{source.n}] {title}", bold=True)
    click.secho(f"    {output.plain(passage.url or passage.source)}", dim=True)
    for other in passage.also_at:
        click.secho(f"    also at {output.plain(other)}", dim=True)
    for quote in source.quoted() or [passage.text]:
        text = output.plain(" ".join(quote.split()))
        click.echo(f"    “{text[:QUOTE]}{'…' if len(text) > QUOTE else ''}”")
