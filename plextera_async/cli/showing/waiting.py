"""How waits are followed on stderr: a row for each open job on a terminal, a line for each change elsewhere."""

import sys
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from types import TracebackType
from typing import Self

import attrs
import click

from plextera_async.cli.showing.text import clean
from plextera_async.models import Extraction, ExtractJob, RunStep, WorkflowRun

__all__ = ["Lines", "Rows", "Standing", "standing_of", "waiting_for"]

_STEP_ENDS = frozenset({"COMPLETED", "FAILED"})
_LONGEST_NAME = 60
_BAR_WIDTH = 16


@attrs.frozen
class Standing:
    """How far a job is: in words, and in steps where it has any."""

    text: str
    completed: int | None = None
    total: int | None = None


_NOT_READ = Standing("not read yet")


def standing_of(job: Extraction | ExtractJob | WorkflowRun) -> Standing:
    """Say how far a job is; of a run also how many steps are done, and at which it is."""
    if not isinstance(job, WorkflowRun) or job.progress is None:
        return Standing(clean(job.status))
    completed, total = job.progress.steps_completed, job.progress.steps_total
    counts = "" if completed is None or total is None else f", {completed} of {total} steps"
    return Standing(f"{clean(job.status)}{counts}{_step(job.steps or [])}", completed, total)


def _step(steps: Iterable[RunStep]) -> str:
    current = next((step for step in steps if step.status not in _STEP_ENDS), None)
    name = None if current is None else current.name or current.id
    return f", at {clean(name)[:_LONGEST_NAME]}" if name else ""


class Lines:
    """Writes a line when something has changed.

    Attributes:
        open: What is still waited for, by id, as it was last seen.
    """

    def __init__(self, ids: Iterable[str]) -> None:
        self.open: dict[str, Standing] = dict.fromkeys(ids, _NOT_READ)
        self._told: set[str] = set()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Nothing is open."""

    def show(self, job: Extraction | ExtractJob | WorkflowRun, id: str) -> None:
        """Tell how far a job is."""
        standing = standing_of(job)
        if standing != self.open.get(id):
            self.open[id] = standing
            self.say(f"{clean(id)} {standing.text}")

    def end(self, id: str) -> None:
        """Wait for it no longer."""
        self.open.pop(id, None)

    def say(self, text: str) -> None:
        """Put a line on stderr."""
        with self.aside():
            click.echo(f"plextera: {text}", err=True)

    def say_once(self, text: str, *, about: str) -> None:
        """Put a line on stderr, unless one *about* the same stands there already."""
        if about not in self._told:
            self._told.add(about)
            self.say(text)

    @contextmanager
    def aside(self) -> Generator[None, None, None]:
        """Leave the terminal alone meanwhile, so that something else can be written to it."""
        yield


class Rows(Lines):
    """Keeps rows at the bottom of the terminal, as many as there is room for."""

    def __init__(self, ids: Iterable[str]) -> None:
        from rich.console import Console  # noqa: PLC0415 - only a terminal pays for it
        from rich.live import Live  # noqa: PLC0415 - as above

        super().__init__(ids)
        console = Console(stderr=True, markup=False, highlight=False, emoji=False)
        self._room = max(1, console.height - 2)
        # What is drawn is drawn here and now: no thread reads `open` meanwhile.
        self._live = Live(
            console=console, auto_refresh=False, transient=True, redirect_stdout=False, redirect_stderr=False
        )

    def __enter__(self) -> Self:
        self._live.start()
        self._draw()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Take the rows away."""
        self._live.stop()

    def show(self, job: Extraction | ExtractJob | WorkflowRun, id: str) -> None:
        """Bring its row up to date."""
        self.open[id] = standing_of(job)
        self._draw()

    def end(self, id: str) -> None:
        """Take its row away."""
        super().end(id)
        self._draw()

    @contextmanager
    def aside(self) -> Generator[None, None, None]:
        """Take the rows away meanwhile."""
        if not self._live.is_started:
            yield
            return
        self._live.stop()
        try:
            yield
        finally:
            self._live.start()
            self._draw()

    def _draw(self) -> None:
        from rich.progress_bar import ProgressBar  # noqa: PLC0415 - as above
        from rich.table import Table  # noqa: PLC0415 - as above
        from rich.text import Text  # noqa: PLC0415 - as above

        rows = Table.grid(padding=(0, 2))
        shown = list(self.open.items())
        left = len(shown) - self._room
        for id, standing in shown[: self._room - (left > 0)]:
            bar = ProgressBar(standing.total or 1, standing.completed or 0, width=_BAR_WIDTH)
            rows.add_row(Text(clean(id), no_wrap=True), bar, Text(standing.text, no_wrap=True))
        if left > 0:
            rows.add_row(Text(f"and {left + 1} more"))
        self._live.update(rows, refresh=True)


def waiting_for(ids: Iterable[str]) -> Lines:
    """Choose by what stderr is."""
    return Rows(ids) if sys.stderr.isatty() else Lines(ids)
