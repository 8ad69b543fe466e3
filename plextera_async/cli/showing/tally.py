"""The count of an ingestion, and how it is told."""

import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import attrs

from plextera_async._sansio.inputs import KEY_TAG
from plextera_async._sansio.ledger_states import State
from plextera_async._sansio.pacing import Paces
from plextera_async.cli.showing.lines import COMPLETED, TIMEOUT, Line
from plextera_async.cli.showing.text import clean
from plextera_async.ingest import Counts, Figures

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
    figures: Figures = attrs.field(factory=Figures)
    """How many are being submitted and waited for now, and how many an earlier run has dealt with."""
    paces: Callable[[], Paces] | None = attrs.field(default=None, repr=False)
    """Gives how fast the client lets requests through."""
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
    def has_only_completed(self) -> bool:
        """Whether everything that was told of has a result."""
        return self.ended == self.by_status[COMPLETED]

    @property
    def seconds(self) -> float:
        """Since the beginning."""
        return self._monotonic() - self._started

    @property
    def rate(self) -> float:
        """Documents per second."""
        return self.ended / max(self.seconds, 0.001)

    @property
    def done(self) -> int:
        """Documents that nothing more is to be done for."""
        return self.ended + self.figures.skipped

    def progress(self) -> str:
        """Tell how far it is, in one line."""
        of_all = "" if self.total is None else f" of {self.total}"
        rejected, completed = self.by_status["REJECTED"], self.by_status[COMPLETED]
        parts = [
            f"{self.done}{of_all} done",
            *([] if self.total is None else [f"{max(0, self.total - self.begun)} queued"]),
            f"{self.figures.sending} in flight",
            f"{self.figures.waiting} waiting",
            f"{completed} completed",
            f"{self.ended - completed - rejected} failed",
            f"{rejected} rejected",
            f"{self.rate:.1f}/s",
        ]
        return ", ".join([*parts, *self._outlook()])

    def _outlook(self) -> Iterator[str]:
        paces = None if self.paces is None else self.paces()
        sends = () if paces is None else (paces.uploads, paces.creates)
        if (pause := max((send.paused_for for send in sends), default=0.0)) > 0:
            yield f"paused for {pause:.0f} s"
        elif known := [send.per_second for send in sends if send.per_second is not None]:
            yield f"pace {max(known):.1f}/s"
        if self.total is not None and self.ended:
            yield f"{timedelta(seconds=round(max(0, self.total - self.done) / self.rate))} left"

    def figures_at_the_end(self) -> dict[str, Any]:
        """Give the figures for programs."""
        return {
            "documents": self.ended,
            "byStatus": dict(sorted(self.by_status.items())),
            "skipped": self.figures.skipped,
            "notHandedIn": self.figures.not_handed_in,
            "seconds": round(self.seconds, 3),
            "documentsPerSecond": round(self.rate, 3),
        }

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

    def told_by_ledger(self, path: str, counts: Counts) -> list[str]:
        """Tell what the next run with this ledger will find to do."""
        skipped, known = self.figures.skipped, counts.by_state
        to_send, running = known.get(State.FOUND, 0), known.get(State.SUBMITTED, 0) - counts.missing
        unknown = known.get(State.UNDECIDED, 0) + known.get(State.SUBMITTING, 0)
        resolve = f"plextera ledger resolve {path}"
        told = (
            (skipped, "were done before, or came twice"),
            (known.get(State.FAILED, 0), f"failed, and stay so until `plextera ledger retry-failed {path}`"),
            (running, "are submitted and go on: the next run picks them up"),
            (counts.missing, f"are submitted, and the service does not know them ({resolve})"),
            (unknown, f"may have been submitted: the next run looks for them ({resolve})"),
            (to_send, "are known and not submitted: the next run submits them, if they are named again"),
        )
        return [f"{number} {what}" for number, what in told if number]

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
