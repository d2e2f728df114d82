"""`twin export`: a run's model in another program's format.

In: a run with a whole model. Out: the path of a GGUF file, for llama.cpp, Ollama and their kin.
"""

from pathlib import Path

import click

from twin.cli import output
from twin.errors import UsageError
from twin.home import Home


@click.command("export")
@click.argument("run", default="last")
@click.option("--gguf", is_flag=True, help="As a GGUF file, by llama.cpp's own converter.")
@click.option(
    "--type",
    "quantization",
    default="q8_0",
    show_default=True,
    help="Of llama.cpp: f16, bf16, q8_0 by its converter; Q4_K_M and others by llama-quantize.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@click.pass_obj
def export_command(
    home_option: Path | None, run: str, *, gguf: bool, quantization: str, as_json: bool
) -> int:
    """Write a run's model as a GGUF file; an adapter is merged first."""
    from twin.training import environment, results  # noqa: PLC0415
    from twin.training.runs import run_named  # noqa: PLC0415

    if not gguf:
        message = "say in which format"
        raise UsageError(message, "--gguf is the one there is")
    with Home(home_option) as home:
        settings = home.settings.training
        found = run_named(run, home.folder)
        axolotl = environment.find(settings, home.folder)
        if found.merged is None:
            with output.waiting(f"merging {found.id}"):
                results.merge(found, axolotl)
        with output.waiting(f"writing {found.id} as {quantization}"):
            path = results.export(found, quantization, settings, axolotl, lambda _: None)
    if as_json:
        output.emit_json({"run": found.id, "path": str(path), "bytes": path.stat().st_size})
    else:
        click.echo(path)
    return 0
