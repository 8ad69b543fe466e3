"""The figures of an ingestion for programs: one JSON object at the end."""

import os
import sys
from pathlib import Path

import click

from plextera_async.cli.showing.lines import to_json
from plextera_async.cli.showing.tally import Tally
from plextera_async.errors import ConfigurationError
from plextera_async.ingest import Counts

__all__ = ["write_summary"]


def write_summary(
    path: str | None, tally: Tally, counts: Counts | None, *, stopped: str | None, exit_code: int
) -> None:
    """Write the summary: `documents` that ended in this run and `byStatus`, `seconds`, `exitCode`, `stopped`, `ledger`.

    Args:
        path: The file, of which only its owner may read (mode 0600) and which is replaced whole; None for the last line
            of stderr, unless that is a terminal.
        tally: The figures.
        counts: What the ledger holds; None without one.
        stopped: Code of what stopped it before its end; None if nothing did.
        exit_code: Of the command.

    Raises:
        ConfigurationError: If the file cannot be written.
    """
    ledger = None if counts is None else {state.value: number for state, number in counts.by_state.items()}
    text = to_json(
        {**tally.figures_at_the_end(), "exitCode": exit_code, "stopped": stopped, "ledger": ledger}
    )
    if path is None:
        if not sys.stderr.isatty():
            click.echo(text, err=True)
        return
    try:
        _replace(Path(path), f"{text}\n".encode())
    except OSError as failure:
        raise ConfigurationError(f"{path} cannot be written: {failure.strerror}") from failure


def _replace(path: Path, content: bytes) -> None:
    """Put a file in the place of another, so that nobody ever reads half of it."""
    partial = path.with_name(f".{path.name}.part")
    with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(content)
    partial.replace(path)
