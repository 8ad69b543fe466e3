"""`plextera extract`: one document."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import attrs
import click

from plextera_async.cli._running import run as run_to_its_end
from plextera_async.cli.ingesting.document import Document
from plextera_async.cli.ingesting.inputs import from_path
from plextera_async.cli.options.connection import (
    Connection,
    connection_options,
    sandbox_option,
    timeout_option,
)
from plextera_async.cli.options.tags import tag_option
from plextera_async.cli.showing.failures import INTERRUPTED, as_met, exit_code, explain, pick_up
from plextera_async.cli.showing.lines import Line
from plextera_async.cli.showing.notices import retry_notices
from plextera_async.cli.showing.progress import print_line
from plextera_async.cli.showing.tables import show_fields
from plextera_async.cli.showing.text import clean
from plextera_async.errors import PlexteraError

__all__ = ["command"]


@attrs.frozen(kw_only=True)
class _Job:
    file: str
    as_json: bool
    timeout: float | None
    tags: Mapping[str, str]
    connection: Connection


@click.command()
@click.argument("file", metavar="FILE")
@click.option("--json", "as_json", is_flag=True, help="Print the JSON line that `plextera ingest` writes.")
@timeout_option
@tag_option
@sandbox_option
@connection_options
def command(**options: Any) -> None:
    """Extract one document and print its fields as a table."""
    job = _Job(**options)
    document = Document(from_path(Path(job.file), job.tags))
    try:
        with retry_notices():
            line, code = run_to_its_end(_extract, job, document)
    except KeyboardInterrupt:
        line, code = document.interrupted(), INTERRUPTED
        click.echo(f"plextera: interrupted: {line.trouble()}", err=True)
        if line.id is not None and not job.connection.sandbox:  # that one ends with the command
            click.echo(f"plextera: it goes on: {pick_up(line.id)}", err=True)
    if job.as_json:
        print_line(line.to_json())
    elif line.fields is not None:
        show_fields(line.fields)
    click.get_current_context().exit(code)


async def _extract(job: _Job, document: Document) -> tuple[Line, int]:
    async with job.connection.open(wait_timeout=job.timeout) as client:
        try:
            await document.submit(client)
        except PlexteraError as failure:
            outcome = document.failed(failure)
        else:
            outcome = await document.finish()
    line = document.line(outcome)
    if outcome.error is None:
        return line, 0 if line.is_completed else 1
    met = as_met(outcome.error)
    click.echo(f"plextera: {clean(line.source)}: {explain(met)}", err=True)
    return line, exit_code(met)
