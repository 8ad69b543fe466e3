"""`plextera wait`: jobs that were started elsewhere or earlier."""

from collections.abc import Callable, Mapping
from typing import Any

import anyio
import attrs
import click

from plextera_async.cli._running import run as run_to_its_end
from plextera_async.cli.options.connection import Connection, connection_options, timeout_option
from plextera_async.cli.showing.jobs import AnyHandle, see_through
from plextera_async.cli.showing.notices import retry_notices
from plextera_async.client.client import AsyncPlextera

__all__ = ["command"]


@attrs.frozen(kw_only=True)
class _Job:
    ids: tuple[str, ...]
    kind: str
    as_json: bool
    timeout: float | None
    connection: Connection


@click.command()
@click.argument("ids", nargs=-1, required=True, metavar="ID...")
@click.option(
    "--kind",
    type=click.Choice(["extraction", "run", "job"]),
    default="extraction",
    show_default=True,
    help="What the ids are of; job is the first generation of extractions.",
)
@click.option("--json", "as_json", is_flag=True, help="Print each as one line of JSON.")
@timeout_option
@connection_options
def command(**options: Any) -> None:
    """Wait until the jobs have ended, and show each one as it does."""
    with retry_notices():
        click.get_current_context().exit(run_to_its_end(_wait, _Job(**options)))


async def _wait(job: _Job) -> int:
    codes: list[int] = []

    async def one(handle: AnyHandle) -> None:
        codes.append(await see_through(handle, as_json=job.as_json))

    async with job.connection.open(wait_timeout=job.timeout) as client, anyio.create_task_group() as waits:
        for id in dict.fromkeys(job.ids):
            waits.start_soon(one, _handle(client, job.kind, id))
    return max(codes)


def _handle(client: AsyncPlextera, kind: str, id: str) -> AnyHandle:
    makers: Mapping[str, Callable[[str], AnyHandle]] = {
        "extraction": client.extractions.handle,
        "run": client.runs.handle,
        "job": client.jobs.handle,
    }
    return makers[kind](id)
