"""`plextera run`: a workflow."""

from collections.abc import Mapping
from typing import Any

import anyio
import attrs
import click

from plextera_async.cli._running import run as run_to_its_end
from plextera_async.cli.options.connection import (
    Connection,
    connection_options,
    sandbox_option,
    timeout_option,
)
from plextera_async.cli.options.payload import read_form, read_payload
from plextera_async.cli.showing.failures import pick_up
from plextera_async.cli.showing.jobs import see_through
from plextera_async.cli.showing.lines import to_json
from plextera_async.cli.showing.notices import retry_notices
from plextera_async.cli.showing.progress import print_line
from plextera_async.cli.showing.text import clean
from plextera_async.cli.showing.waiting import waiting_for

__all__ = ["command"]


@attrs.frozen(kw_only=True)
class _Job:
    workflow: str
    payload: Any
    form: Mapping[str, Any]
    wait: bool
    as_json: bool
    timeout: float | None
    connection: Connection


@click.command()
@click.argument("workflow", metavar="WORKFLOW")
@click.option(
    "--payload", callback=read_payload, metavar="JSON", help="JSON to hand over; @FILE reads a file, - stdin."
)
@click.option(
    "--form",
    multiple=True,
    callback=read_form,
    metavar="NAME=VALUE",
    help="Part of a form; NAME=@FILE sends a file. Repeatable.",
)
@click.option("--wait/--no-wait", default=True, help="Wait for the end, or only print the run's id.")
@click.option("--json", "as_json", is_flag=True, help="Print the run as one line of JSON.")
@timeout_option
@sandbox_option
@connection_options
def command(**options: Any) -> None:
    """Start a run of WORKFLOW, wait for its end and show its steps."""
    job = _Job(**options)
    if job.payload is not None and job.form:
        raise click.UsageError("give either --payload or --form")
    with retry_notices():
        click.get_current_context().exit(run_to_its_end(_run, job))


async def _run(job: _Job) -> int:
    async with job.connection.open(wait_timeout=job.timeout) as client:
        if job.form:
            handle = await client.runs.start_form(job.workflow, job.form)
        else:
            handle = await client.runs.start(job.workflow, job.payload)
        if not job.wait:
            print_line(
                to_json({"id": handle.id, "status": handle.status}) if job.as_json else clean(handle.id)
            )
            return 0
        click.echo(
            f"plextera: run {clean(handle.id)} is started", err=True
        )  # known also when it is interrupted
        try:
            with waiting_for([handle.id]) as waiting:
                return await see_through(handle, waiting, as_json=job.as_json)
        except anyio.get_cancelled_exc_class():
            if not job.connection.sandbox:  # that one ends with the command
                click.echo(f"plextera: it goes on: {pick_up(handle.id, kind='run')}", err=True)
            raise
