"""One job seen to its end, and shown: what `run` and `wait` have in common."""

from collections.abc import Mapping
from typing import Any

import click

from plextera_async._sansio.codec import plain
from plextera_async.cli.showing.failures import exit_code, explain
from plextera_async.cli.showing.lines import COMPLETED, to_json
from plextera_async.cli.showing.progress import print_line
from plextera_async.cli.showing.tables import show_fields, show_steps
from plextera_async.cli.showing.text import clean
from plextera_async.client.handles import ExtractionHandle, ExtractJobHandle, RunHandle
from plextera_async.errors import PlexteraError

__all__ = ["AnyHandle", "see_through"]

AnyHandle = ExtractionHandle | ExtractJobHandle | RunHandle


async def see_through(handle: AnyHandle, *, as_json: bool) -> int:
    """Wait for the end of a job and show it; gives the exit code.

    A job that ended badly is shown as well, because its steps say where.
    """
    code = 0
    try:
        await (handle.wait() if isinstance(handle, RunHandle) else handle.result())
    except PlexteraError as failure:
        click.echo(f"plextera: {explain(failure)}", err=True)
        code = exit_code(failure)
    if handle.latest is not None:
        (_show_json if as_json else _show)(handle)
    return code or int(handle.status != COMPLETED)


def _show_json(handle: AnyHandle) -> None:
    print_line(to_json(plain(handle.latest)))


def _show(handle: AnyHandle) -> None:
    print_line(f"{clean(handle.id)}  {clean(handle.status)}")
    if isinstance(handle, RunHandle):
        steps = None if handle.latest is None else handle.latest.steps
        if steps:
            show_steps(steps)
        return
    output = None if handle.latest is None else handle.latest.output
    if output is not None and output.fields:
        show_fields(_fields(plain(output)))


def _fields(output: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return list(output["fields"])
