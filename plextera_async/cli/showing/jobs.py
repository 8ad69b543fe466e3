"""One job seen to its end, and shown: what `run` and `wait` have in common."""

from collections.abc import Mapping
from typing import Any

from plextera_async._sansio.codec import plain
from plextera_async._sansio.polling import is_over
from plextera_async.cli.showing.failures import exit_code, explain
from plextera_async.cli.showing.lines import COMPLETED, to_json
from plextera_async.cli.showing.progress import print_line
from plextera_async.cli.showing.tables import show_fields, show_steps
from plextera_async.cli.showing.text import clean
from plextera_async.cli.showing.waiting import Lines
from plextera_async.client.handles import ExtractionHandle, ExtractJobHandle, RunHandle
from plextera_async.errors import AuthenticationError, NotFoundError, PlexteraError

__all__ = ["AnyHandle", "see_through"]

AnyHandle = ExtractionHandle | ExtractJobHandle | RunHandle


async def see_through(
    handle: AnyHandle, waiting: Lines, *, as_json: bool, if_missing: str | None = None
) -> int:
    """Wait for the end of a job and show it; gives the exit code.

    A job that ended badly is shown as well, because its steps say where.

    Args:
        handle: On the job.
        waiting: Where its way is shown.
        as_json: Whether its end is shown as JSON.
        if_missing: What else to say if there is no such job.

    Raises:
        OSError: If it cannot be shown.
    """
    failure: PlexteraError | None = None
    try:
        await _follow(handle, waiting)
    except PlexteraError as caught:
        failure = caught
    waiting.end(handle.id)
    if failure is not None:
        _tell(failure, handle, waiting, if_missing)
    if handle.latest is not None:
        with waiting.aside():
            (_show_json if as_json else _show)(handle)
    if failure is not None:
        return exit_code(failure)
    return int(handle.status != COMPLETED)


async def _follow(handle: AnyHandle, waiting: Lines) -> None:
    """Wait for the end; on the way tell of the steps of a run, which nothing else has."""
    if not isinstance(handle, RunHandle):
        await handle.result()
        return
    async for run in handle.watch():
        if not is_over(run):
            waiting.show(run, handle.id)
    await handle.wait()  # without a request: it is over


def _tell(failure: PlexteraError, handle: AnyHandle, waiting: Lines, if_missing: str | None) -> None:
    """Say why, and of which job; what all jobs meet is told of none, and once."""
    id, text = clean(handle.id), explain(failure)
    if isinstance(failure, NotFoundError) and if_missing is not None:
        text = f"{text}; {if_missing}"
    if isinstance(failure, AuthenticationError):
        waiting.say_once(text, about=type(failure).__name__)
    else:
        waiting.say(text if id in text else f"{id}: {text}")


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
