"""`plextera wait`: jobs that were started elsewhere or earlier."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import anyio
import attrs
import click

from plextera_async.cli._running import run as run_to_its_end
from plextera_async.cli.options.connection import Connection, connection_options, timeout_option
from plextera_async.cli.showing.failures import INTERRUPTED
from plextera_async.cli.showing.jobs import AnyHandle, see_through
from plextera_async.cli.showing.notices import retry_notices
from plextera_async.cli.showing.text import clean
from plextera_async.cli.showing.waiting import Lines, waiting_for
from plextera_async.client.client import AsyncPlextera

__all__ = ["command"]

_DEFAULT_KIND = "extraction"
_IF_MISSING = {
    "extraction": "if it is a run's or a first-generation job's, add --kind run or --kind job",
    "run": "if it is an extraction's, leave out --kind run",
    "job": "if it is an extraction's of the current generation, leave out --kind job",
}


@attrs.frozen(kw_only=True)
class _Job:
    """What was asked for, and what of it is still open; it outlives the event loop, which an interruption ends."""

    ids: tuple[str, ...]
    kind: str
    as_json: bool
    timeout: float | None
    connection: Connection
    waiting: Lines = attrs.field(
        init=False, default=attrs.Factory(lambda job: waiting_for(job.ids), takes_self=True)
    )


@click.command()
@click.argument("ids", nargs=-1, required=True, metavar="ID...")
@click.option(
    "--kind",
    type=click.Choice(["extraction", "run", "job"]),
    default=_DEFAULT_KIND,
    show_default=True,
    help="What the ids are of; job is the first generation of extractions.",
)
@click.option("--json", "as_json", is_flag=True, help="Print each as one line of JSON.")
@timeout_option
@connection_options
def command(**options: Any) -> None:
    """Wait until the jobs have ended, and show each one as it does; meanwhile, the steps of runs.

    One that fails does not end the waits for the others.
    """
    job = _Job(**options)
    try:
        with job.waiting, retry_notices(job.waiting.say, always=True):
            code = run_to_its_end(_wait, job)
    except KeyboardInterrupt:
        code = INTERRUPTED
        for line in _still_open(job):
            click.echo(line, err=True)
    click.get_current_context().exit(code)


async def _wait(job: _Job) -> int:
    codes: list[int] = []
    unwritten: list[OSError] = []

    async def one(handle: AnyHandle) -> None:
        try:
            hint = _IF_MISSING[job.kind]
            codes.append(await see_through(handle, job.waiting, as_json=job.as_json, if_missing=hint))
        except OSError as failure:  # it could not be written: no other can be
            unwritten.append(failure)
            waits.cancel_scope.cancel()

    async with job.connection.open(wait_timeout=job.timeout) as client, anyio.create_task_group() as waits:
        for id in dict.fromkeys(job.ids):
            waits.start_soon(one, _handle(client, job.kind, id))
    if unwritten:
        raise unwritten[0]
    return max(codes)


def _still_open(job: _Job) -> Iterator[str]:
    still_open = job.waiting.open
    kind = "" if job.kind == _DEFAULT_KIND else f" --kind {job.kind}"
    yield f"plextera: interrupted; {len(still_open)} of {len(set(job.ids))} not at an end, which go on (plextera wait{kind} ID):"
    for id, standing in still_open.items():
        yield f"  {clean(id)}  {standing.text}"


def _handle(client: AsyncPlextera, kind: str, id: str) -> AnyHandle:
    makers: Mapping[str, Callable[[str], AnyHandle]] = {
        "extraction": client.extractions.handle,
        "run": client.runs.handle,
        "job": client.jobs.handle,
    }
    return makers[kind](id)
