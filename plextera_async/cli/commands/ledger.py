"""`plextera ledger`: what an ingestion has written down, and what a person decides about it."""

from collections.abc import Callable, Iterator
from typing import Any

import click

from plextera_async._sansio.ledger_states import Event, State
from plextera_async.cli.showing.lines import to_json
from plextera_async.cli.showing.progress import print_line
from plextera_async.cli.showing.text import clean
from plextera_async.errors import InvalidInputError
from plextera_async.ingest.ledger import Ledger
from plextera_async.ingest.records import Records
from plextera_async.ingest.rows import MISSING, Row

__all__ = ["command"]

_file = click.argument("file", metavar="FILE")
_json = click.option("--json", "as_json", is_flag=True, help="Print JSON lines.")


@click.group()
def command() -> None:
    """Show and settle what `plextera ingest --ledger FILE` has written down.

    A ledger belongs to one process at a time: these commands wait for nobody, and refuse one that is in use.
    """


@command.command()
@_file
@_json
def status(file: str, *, as_json: bool) -> None:
    """Count the documents of a ledger by how far they have come."""
    counts, out = _in(file, lambda records: (records.counts(), records.out_mark()))
    by_state = {state.value: counts.by_state.get(state, 0) for state in State}
    if as_json:
        known = {"path": out.path, "length": out.length} if out is not None else None
        print_line(to_json({**by_state, "notTaken": counts.not_taken, "out": known}))
        return
    for state, number in by_state.items():
        print_line(f"{number:>8}  {state}")
    if counts.not_taken:
        print_line(f"{counts.not_taken:>8}  of those that have ended are not among the results yet")
    if out is not None:
        print_line(f"results: {clean(out.path)}, {out.length} bytes")


@command.command("retry-failed")
@_file
@click.option("--rejected", is_flag=True, help="Also those that were rejected.")
@click.option("--key", help="Only the document with this key.")
def retry_failed(file: str, *, rejected: bool, key: str | None) -> None:
    """Let documents that failed be done anew by the next ingestion that is given them.

    What had an extraction that failed is submitted again, under another key, and may cost again.
    """
    states = (State.FAILED, State.REJECTED) if rejected else (State.FAILED,)

    def renew(records: Records) -> int:
        rows = [row for row in records.in_state(*states) if key in (None, row.key)]
        for row in rows:
            records.renew(row.id)
        return len(rows)

    click.echo(
        f"{_in(file, renew)} to be done anew: name them again to `plextera ingest --ledger {file}`", err=True
    )


@command.command()
@_file
@click.option(
    "--key", help="The document, by its key. Without it, those that wait for a decision are listed."
)
@click.option("--id", "extraction_id", help="It was submitted: the id of its extraction.")
@click.option(
    "--absent", is_flag=True, help="It was not submitted, or its extraction is gone: it may be sent."
)
@_json
def resolve(file: str, *, key: str | None, extraction_id: str | None, absent: bool, as_json: bool) -> None:
    """Settle by hand whether documents were submitted.

    The list says `undecided` of those whose fate is unknown, and `gone` of those that were submitted, but whose
    extraction the service did not know when it was asked last.

    Look for the tag plexteraClientKey with the document's key among the extractions before you say --absent: if you are
    wrong, it is submitted twice.
    """
    if key is None:
        if extraction_id is not None or absent:
            raise click.UsageError("--id and --absent need --key")
        with Ledger(file, create=False) as ledger, ledger.transaction():
            for line in _listed(ledger.records, as_json=as_json):
                print_line(line)
        return
    if (extraction_id is None) is not absent:
        raise click.UsageError("give either --id or --absent")
    event = Event.ABSENT if absent else Event.CREATED
    row = _in(file, lambda records: _settle(records, key, event, extraction_id))
    click.echo(f"{clean(row.key)} is {row.state.value} now", err=True)


def _settle(records: Records, key: str, event: Event, extraction_id: str | None) -> Row:
    row = records.with_key(key)
    if row is None:
        raise InvalidInputError("the ledger has no document with this key")
    return records.move(row.id, event, extraction_id=extraction_id)


def _listed(records: Records, *, as_json: bool) -> Iterator[str]:
    for row in records.unsettled():
        began = None if row.began is None else row.began.isoformat(timespec="seconds")
        if as_json:
            known = {"key": row.key, "source": row.source, "state": row.state.value}
            yield to_json({**known, "since": began, "sends": row.sends, "error": row.error})
        else:
            what = "gone" if row.error == MISSING else "undecided"
            yield f"{what:<9}  {clean(row.key)}  {began or '-'}  {clean(row.source or '-')}"


def _in(file: str, work: Callable[[Records], Any]) -> Any:
    with Ledger(file, create=False) as ledger, ledger.transaction():
        return work(ledger.records)
