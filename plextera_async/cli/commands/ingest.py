"""`plextera ingest`: every document of folders, files and patterns."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from typing import Any

import anyio
import attrs
import click

from plextera_async.cli._running import run as run_to_its_end
from plextera_async.cli.ingesting.results import Results, open_private
from plextera_async.cli.ingesting.walk import walk
from plextera_async.cli.ingesting.workers import Ingesting, Paths, count
from plextera_async.cli.options.connection import (
    Connection,
    connection_options,
    sandbox_option,
    timeout_option,
)
from plextera_async.cli.options.tags import tag_option
from plextera_async.cli.showing.failures import INTERRUPTED, exit_code, explain
from plextera_async.cli.showing.notices import retry_notices
from plextera_async.cli.showing.progress import drop_stdout, progress_for
from plextera_async.cli.showing.tally import Tally
from plextera_async.options import Limits

__all__ = ["command"]

_MOST_COUNTED = 10_000


@attrs.frozen(kw_only=True)
class _Job:
    """What was asked for, and how far it is; it outlives the event loop, which an interruption ends."""

    names: tuple[str, ...]
    out: str | None
    overwrite: bool
    concurrency: int
    timeout: float | None
    tags: Mapping[str, str]
    connection: Connection
    tally: Tally = attrs.field(factory=Tally, init=False)
    paths: Paths = attrs.field(init=False, default=attrs.Factory(lambda job: job.look(), takes_self=True))

    def look(self) -> Paths:
        """Begin a walk."""
        return Paths(walk(self.names, leave_out=self.out))


@click.command()
@click.argument("names", nargs=-1, required=True, metavar="PATHS...")
@click.option("--out", metavar="FILE", help="Write the JSON lines here (mode 0600), and a table to stdout.")
@click.option("--overwrite", is_flag=True, help="Let --out replace a file that is there.")
@click.option(
    "--concurrency",
    type=click.IntRange(1, 1000),
    default=8,
    show_default=True,
    help="Documents in flight at one time.",
)
@timeout_option
@tag_option
@sandbox_option
@connection_options
def command(**options: Any) -> None:
    """Extract every document of PATHS: folders, files and quoted patterns.

    Writes one JSON line per document as each one ends: source, status, id, fileId, requestId, and fields or error.
    Folders are walked in the order of their names; hidden files and links to folders are passed over. Status is
    COMPLETED, FAILED or REJECTED; or ERROR (refused, or never sent), AMBIGUOUS (may have been submitted: look for the
    tag plexteraClientKey), TIMEOUT or INTERRUPTED (submitted, and goes on).
    """
    job = _Job(**options)
    try:
        ingesting = run_to_its_end(_ingest, job)
    except KeyboardInterrupt:
        ingesting = None
    reason, code = _end(job, ingesting)
    for line in _farewell(job, reason):
        click.echo(line, err=True)
    click.get_current_context().exit(code)


def _end(job: _Job, ingesting: Ingesting | None) -> tuple[str | None, int]:
    """Say why it stopped, None if it came to its end, and with which exit code."""
    if ingesting is None:
        return "interrupted", INTERRUPTED
    if ingesting.stopped_by is not None:
        return f"stopped: {explain(ingesting.stopped_by)}", exit_code(ingesting.stopped_by)
    if ingesting.output_failure is not None:
        drop_stdout()
        return f"stopped: a result cannot be written: {ingesting.output_failure.strerror}", 1
    return None, 0 if job.tally.begun and job.tally.is_all_completed else 1


def _farewell(job: _Job, reason: str | None) -> Iterator[str]:
    if reason is not None:
        yield f"plextera: {reason}"
    elif job.tally.begun == 0:
        yield "plextera: no documents found"
    yield job.tally.summary()
    if reason is None:
        yield from job.tally.still_running(jobs_go_on=not job.connection.sandbox)
    else:
        left = job.paths.left(_MOST_COUNTED)
        not_begun = f"{left} or more" if left >= _MOST_COUNTED else str(left)
        yield from job.tally.leftovers(not_begun, jobs_go_on=not job.connection.sandbox)


async def _ingest(job: _Job) -> Ingesting:
    limits = Limits(concurrency=job.concurrency + 1)
    async with job.connection.open(wait_timeout=job.timeout, limits=limits) as client:
        with ExitStack() as stack:
            file = stack.enter_context(open_private(job.out, overwrite=job.overwrite)) if job.out else None
            progress = stack.enter_context(progress_for(job.tally))
            stack.enter_context(retry_notices(progress.say))
            ingesting = Ingesting(
                client, job.paths, Results(progress, file), progress=progress, tally=job.tally, tags=job.tags
            )
            async with anyio.create_task_group() as beside:
                if progress.wants_total:
                    beside.start_soon(count, job.look(), job.tally)
                await ingesting.run(job.concurrency)
                beside.cancel_scope.cancel()
    return ingesting
