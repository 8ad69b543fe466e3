"""The count of an ingestion, and how it is told."""

import time
from collections import Counter
from collections.abc import Callable

import attrs

from plextera_async._sansio.inputs import KEY_TAG
from plextera_async.cli.showing.lines import COMPLETED, TIMEOUT, Line
from plextera_async.cli.showing.text import clean

__all__ = ["Tally"]

_MOST_TOLD = 100


@attrs.define
class Tally:
    """How many documents have come how far."""

    total: int | None = None
    """How many there are, None until they have been counted."""
    begun: int = 0
    ended: int = 0
    by_status: Counter[str] = attrs.field(factory=Counter[str])
    cut_short: list[Line] = attrs.field(factory=list[Line], repr=False)
    """What an interruption left unfinished; no more than are in flight at one time."""
    timed_out: list[Line] = attrs.field(factory=list[Line], repr=False)
    """What was not waited for any longer; the first of them."""
    _monotonic: Callable[[], float] = attrs.field(default=time.monotonic, repr=False)
    _started: float = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self._started = self._monotonic()

    def add(self, line: Line) -> None:
        """Count a line."""
        self.ended += 1
        if line.is_interrupted:
            self.cut_short.append(line)
        elif line.status == TIMEOUT and len(self.timed_out) < _MOST_TOLD:
            self.timed_out.append(line)
        self.by_status[line.status] += 1

    @property
    def is_all_completed(self) -> bool:
        """Whether every document that was begun has a result."""
        return self.begun == self.by_status[COMPLETED]

    @property
    def seconds(self) -> float:
        """Since the beginning."""
        return self._monotonic() - self._started

    @property
    def rate(self) -> float:
        """Documents per second."""
        return self.ended / max(self.seconds, 0.001)

    def progress(self) -> str:
        """Tell how far it is, in one line."""
        of_all = "" if self.total is None else f" of {self.total}"
        rejected, completed = self.by_status["REJECTED"], self.by_status[COMPLETED]
        failed = self.ended - completed - rejected
        in_flight = self.begun - self.ended
        counts = f"{self.ended}{of_all} done, {in_flight} in flight, {failed} failed, {rejected} rejected"
        return f"{counts}, {self.rate:.1f}/s"

    def summary(self) -> str:
        """Tell how it ended, in one line."""
        counts = ", ".join(f"{count} {status}" for status, count in sorted(self.by_status.items()))
        noun = "document" if self.ended == 1 else "documents"
        told = f": {counts}" if counts else ""
        return f"{self.ended} {noun}{told} in {self.seconds:.1f} s ({self.rate:.1f} documents per second)"

    def still_running(self, *, jobs_go_on: bool) -> list[str]:
        """Tell what was submitted and not waited for to its end."""
        running = [*(line for line in self.cut_short if line.id), *self.timed_out]
        if not running:
            return []
        fate = "still run on the server (plextera wait ID)" if jobs_go_on else "ended with the sandbox"
        count = self.by_status[TIMEOUT] + len(running) - len(self.timed_out)
        more = [f"  and {count - len(running)} more"] if count > len(running) else []
        shown = [f"  {clean(line.id)}  {clean(line.source)}" for line in running]
        return [f"{count} submitted, which {fate}:", *shown, *more]

    def leftovers(self, not_begun: str, *, jobs_go_on: bool) -> list[str]:
        """Tell what an interruption left behind.

        Args:
            not_begun: How many documents were not begun.
            jobs_go_on: Whether what was submitted goes on without us.
        """
        unknown = [line for line in self.cut_short if not line.id]
        told = [f"{self.ended - len(self.cut_short)} finished, {not_begun} not begun"]
        told += self.still_running(jobs_go_on=jobs_go_on)
        if unknown:
            told += [f"{len(unknown)} cut off while being submitted, which may exist (tag {KEY_TAG}):"]
            told += [f"  {line.key or '-'}  {clean(line.source)}" for line in unknown]
        return told
