"""`plextera ingest`: every document of folders, files and patterns, or of a manifest."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from itertools import chain
from typing import Any

import anyio
import attrs
import click

from plextera_async.cli._running import run as run_to_its_end
from plextera_async.cli.ingesting.ending import Ending
from plextera_async.cli.ingesting.inputs import Inputs, count, from_walk
from plextera_async.cli.ingesting.manifest import read_manifest
from plextera_async.cli.ingesting.results import Results, open_private, writer_to
from plextera_async.cli.ingesting.summary import write_summary
from plextera_async.cli.ingesting.walk import walk
from plextera_async.cli.ingesting.with_ledger import Ledgered
from plextera_async.cli.ingesting.without_ledger import Ingesting
from plextera_async.cli.options.connection import (
    Connection,
    connection_options,
    sandbox_option,
    timeout_option,
)
from plextera_async.cli.options.ledger import ledger_options
from plextera_async.cli.options.tags import tag_option
from plextera_async.cli.showing.failures import INTERRUPTED, code_of, exit_code, explain
from plextera_async.cli.showing.notices import retry_notices
from plextera_async.cli.showing.progress import Progress, drop_stdout, progress_for
from plextera_async.cli.showing.tally import Tally
from plextera_async.client.client import AsyncPlextera
from plextera_async.client.many import CONCURRENCY
from plextera_async.errors import LedgerError, PlexteraError
from plextera_async.ingest import Counts, Ingest
from plextera_async.ingest.ledger import Ledger

__all__ = ["command"]

_MOST_COUNTED = 10_000


@attrs.frozen(kw_only=True)
class _Job:
    """What was asked for, and how far it is; it outlives the event loop, which an interruption ends."""

    names: tuple[str, ...]
    from_manifest: str | None
    out: str | None
    overwrite: bool
    summary: str | None
    concurrency: int
    timeout: float | None
    tags: Mapping[str, str]
    ledger: str | None
    on_ambiguous: Any
    content_hash: bool
    connection: Connection
    tally: Tally = attrs.field(factory=Tally, init=False)
    inputs: Inputs = attrs.field(init=False, default=attrs.Factory(lambda job: job.look(), takes_self=True))

    def look(self) -> Inputs:
        """Begin to look for documents."""
        ledger = () if self.ledger is None else (self.ledger, f"{self.ledger}-wal", f"{self.ledger}-shm")
        own = [path for path in (self.out, self.summary, self.from_manifest, *ledger) if path is not None]
        listed = () if self.from_manifest is None else read_manifest(self.from_manifest, self.tags)
        return Inputs(chain(from_walk(walk(self.names, leave_out=own), self.tags), listed))


@click.command()
@click.argument("names", nargs=-1, metavar="[PATHS]...")
@click.option(
    "--from-manifest",
    metavar="FILE",
    help="Take the documents that a file lists: CSV with the columns path, url or fileId, and key, name, tags (a JSON "
    "object) and one for each tag; or JSON lines with the same names.",
)
@click.option("--out", metavar="FILE", help="Write the JSON lines here (mode 0600), and a table to stdout.")
@click.option("--overwrite", is_flag=True, help="Let --out replace a file that is there.")
@click.option(
    "--summary",
    metavar="FILE",
    help="Write the figures of the end here, as one JSON object; without it, they are the last line on a stderr that "
    "is no terminal.",
)
@click.option(
    "--concurrency",
    type=click.IntRange(1, 1000),
    default=CONCURRENCY,
    show_default=True,
    help="Documents in flight at one time, each until its job has ended.",
)
@ledger_options
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

    With --ledger it can be killed at any instant and started again in the same way: it goes on where it was, submits
    nothing twice, and each document that has ended is in --out exactly once. Only those get a line; of the others
    stderr tells.
    """
    if not (options["names"] or options["from_manifest"] or options["ledger"]):
        raise click.UsageError("name what to extract: PATHS, --from-manifest FILE, or --ledger FILE to go on")
    job = _Job(**options)
    try:
        ending = run_to_its_end(_ingest, job)
    except KeyboardInterrupt:
        ending = None
    except LedgerError as failure:
        if not job.tally.begun:  # it never started
            raise
        ending = Ending(stopped_by=failure)
    reason, stopped, code = _end(job, ending)
    counts = _counts(job, ending)
    for line in _farewell(job, reason, counts):
        click.echo(line, err=True)
    write_summary(job.summary, job.tally, counts, stopped=stopped, exit_code=code)
    click.get_current_context().exit(code)


def _end(job: _Job, ending: Ending | None) -> tuple[str | None, str | None, int]:
    """Say why it stopped, None if it came to its end: for people, and as a code; and with which exit code."""
    if ending is None:
        return "interrupted", "INTERRUPTED", INTERRUPTED
    if (met := ending.stopped_by) is not None:
        return f"stopped: {explain(met)}", code_of(met), exit_code(met)
    if ending.output_failure is not None:
        drop_stdout()
        return f"stopped: a result cannot be written: {ending.output_failure.strerror}", "OUTPUT", 1
    if ending.counts is not None:
        is_well = ending.counts.is_all_completed and job.tally.has_only_completed
    else:
        is_well = job.tally.begun > 0 and job.tally.is_all_completed
    return None, None, 0 if is_well else 1


def _counts(job: _Job, ending: Ending | None) -> Counts | None:
    """Count what the ledger holds; an interruption leaves that to be read again. None if there is none."""
    if job.ledger is None or (ending is not None and ending.counts is not None):
        return None if ending is None else ending.counts
    try:
        with Ledger(job.ledger, create=False) as ledger, ledger.transaction():
            return ledger.records.counts()
    except LedgerError:  # it was interrupted before there was one
        return None


def _farewell(job: _Job, reason: str | None, counts: Counts | None) -> Iterator[str]:
    if reason is not None:
        yield f"plextera: {reason}"
    elif job.tally.begun == 0 and not job.tally.ended:
        yield "plextera: no documents found"
    yield job.tally.summary()
    if job.ledger is not None:
        yield from () if counts is None else job.tally.told_by_ledger(job.ledger, counts)
    elif reason is None:
        yield from job.tally.still_running(jobs_go_on=not job.connection.sandbox)
    else:
        left = job.inputs.not_begun(job.tally.begun, most=_MOST_COUNTED)
        not_begun = f"{left} or more" if left >= _MOST_COUNTED else str(left)
        yield from job.tally.leftovers(not_begun, jobs_go_on=not job.connection.sandbox)


async def _ingest(job: _Job) -> Ending:
    async with job.connection.open(wait_timeout=job.timeout) as client:
        with ExitStack() as stack:
            progress = stack.enter_context(progress_for(job.tally))
            stack.enter_context(retry_notices(progress.say))
            job.tally.paces = lambda: client.pace
            work = _without_ledger if job.ledger is None else _with_ledger
            met = PlexteraError("the work came to no end")
            async with anyio.create_task_group() as beside:
                beside.start_soon(count, job.look(), job.tally)
                try:
                    return await work(job, client, progress)
                except PlexteraError as failure:
                    met = failure
                finally:
                    beside.cancel_scope.cancel()
    raise met  # outside the group, which would make a group of it


async def _without_ledger(job: _Job, client: AsyncPlextera, progress: Progress) -> Ending:
    with ExitStack() as stack:
        file = stack.enter_context(open_private(job.out, overwrite=job.overwrite)) if job.out else None
        results = Results(progress, None if file is None else writer_to(file))
        ingesting = Ingesting(client, job.inputs, results, progress=progress, tally=job.tally)
        return await ingesting.run(job.concurrency)


async def _with_ledger(job: _Job, client: AsyncPlextera, progress: Progress) -> Ending:
    ingest = Ingest(
        client,
        ledger=job.ledger or "",
        on_ambiguous=job.on_ambiguous,
        content_hash=job.content_hash,
        concurrency=job.concurrency,
    )
    return await Ledgered(ingest, job.inputs, progress, job.tally).run(job.out, overwrite=job.overwrite)
