"""How an ingestion is followed on stderr: a bar on a terminal, plain lines elsewhere."""

import os
import sys
import time
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self

import click

from plextera_async.cli.showing.tally import Tally

__all__ = ["Bar", "Plain", "Progress", "drop_stdout", "print_line", "progress_for"]

_SECONDS_BETWEEN_LINES = 5.0


class Progress(Protocol):
    """What an ingestion tells while it runs; a context manager."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def show(self) -> None:
        """The figures have changed."""

    def say(self, text: str) -> None:
        """Put a line on stderr."""

    def out(self, text: str) -> None:
        """Put a line on stdout, without disturbing a bar that may be on the same terminal."""


def progress_for(tally: Tally) -> Progress:
    """Choose by what stderr is."""
    return Bar(tally) if sys.stderr.isatty() else Plain(tally)


def print_line(text: str) -> None:
    """Write a line to stdout as UTF-8, whatever the locale says: JSON is UTF-8."""
    sys.stdout.flush()
    sys.stdout.buffer.write(f"{text}\n".encode())
    sys.stdout.buffer.flush()


def drop_stdout() -> None:
    """Let what is left in the buffer of a stdout that cannot be written vanish, and not fail once more at the exit."""
    with (
        suppress(OSError),
        Path(os.devnull).open("wb") as nowhere,
    ):  # OSError: a stdout that is no file at all
        os.dup2(nowhere.fileno(), sys.stdout.fileno())


class Plain:
    """Lines, some seconds apart."""

    def __init__(self, tally: Tally) -> None:
        self._tally = tally
        self._told_at = time.monotonic()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Nothing is open."""

    def show(self) -> None:
        """Tell the figures, unless they were told a moment ago."""
        if time.monotonic() - self._told_at >= _SECONDS_BETWEEN_LINES:
            self._told_at = time.monotonic()
            self.say(self._tally.progress())

    def say(self, text: str) -> None:
        """Put a line on stderr."""
        click.echo(text, err=True)

    def out(self, text: str) -> None:
        """Put a line on stdout."""
        print_line(text)


class Bar:
    """A bar at the bottom of the terminal; lines appear above it."""

    def __init__(self, tally: Tally) -> None:
        from rich.console import Console  # noqa: PLC0415 - only a terminal pays for it
        from rich.progress import BarColumn, SpinnerColumn, TextColumn  # noqa: PLC0415 - as above
        from rich.progress import Progress as RichProgress  # noqa: PLC0415 - as above

        self._tally = tally
        self._shares_terminal = sys.stdout.isatty()
        self._console = Console(stderr=True, markup=False, highlight=False, emoji=False)
        columns = (SpinnerColumn(), BarColumn(bar_width=24), TextColumn("{task.description}", markup=False))
        self._bar = RichProgress(*columns, console=self._console, transient=True, redirect_stdout=False)
        self._task = self._bar.add_task(tally.progress(), total=None)

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Take the bar away."""
        self._bar.stop()

    def show(self) -> None:
        """Bring the bar up to date; the next drawing shows it."""
        tally = self._tally
        self._bar.update(self._task, description=tally.progress(), total=tally.total, completed=tally.ended)

    def say(self, text: str) -> None:
        """Put a line above the bar."""
        self._above(text)

    def out(self, text: str) -> None:
        """Put a line on stdout; above the bar when both are on one terminal."""
        if self._shares_terminal:
            self._above(text)
        else:
            print_line(text)

    def _above(self, text: str) -> None:
        options: dict[str, Any] = {"soft_wrap": True, "markup": False, "highlight": False, "emoji": False}
        self._console.print(text, **options)
