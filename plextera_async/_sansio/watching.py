"""When a watcher looks at the jobs that are waited for, and what it believes of what it is told."""

import enum
from typing import Any

import attrs

from plextera_async._sansio.events import JobEvent
from plextera_async._sansio.polling import FAILED_ENDS, is_over, seconds_before_look
from plextera_async._sansio.waiting import Waiting
from plextera_async.errors import PlexteraError
from plextera_async.options import PollPolicy

__all__ = [
    "MOST_SINGLE",
    "Worth",
    "filled",
    "is_told_by_events",
    "look_at",
    "seconds_apart",
    "seconds_before_list",
    "suffices",
    "was_told_lately",
    "worth",
]

MOST_SINGLE = 4
"""Waits of a kind up to which each job is read singly: so few cost less that way, and no list is as prompt."""

_SLOPE = (
    1 / 60
)  # of the pause of lists over the age of the youngest job: 1 s in the first minute, 10 s from 600 s on
_LONG_LIST = (
    1.6  # seconds between looks at a list of several pages: less costs too much, more notices ends too late
)
_PER_FEW_PAGES = 0.25
_PER_PAGE = 0.03  # seconds: lists take at most some 33 requests a second, however many pages they have
_PER_SINGLE = 0.01  # seconds: where lists tell nothing, single looks take at most about 100 requests a second
_SPREAD = 0.1
_SLOW = 10.0  # seconds between looks while events arrive: with its spread, and the look itself, under 15
_SLOW_SLOPE = 1 / 20
_SLOWEST = 60.0
_GUARD = 60.0
_LATELY = 5.0


class Worth(enum.Enum):
    """What an event is worth to a wait."""

    NOTHING = enum.auto()
    """It is older than what is known."""
    A_LOOK = enum.auto()
    """It may be of an end before the last: the times of the API have seconds only."""
    BELIEF = enum.auto()
    """It tells of the end."""


def worth(event: JobEvent, waiting: Waiting) -> Worth:
    """Say what an event is worth: a job can be processed again, so an old end is none."""
    if waiting.known is None or event.occurred_at > waiting.known:
        return Worth.BELIEF
    if event.occurred_at < waiting.known:
        return Worth.NOTHING
    return Worth.BELIEF if waiting.is_first else Worth.A_LOOK


def suffices(job: Any) -> bool:
    """Say whether the model of an ended job, from a list or an event, tells as much of its end as reading it would."""
    if not is_over(job):
        return False
    kind = type(job).__name__
    if kind == "WorkflowRun":
        return bool(job.steps)
    if job.status == "COMPLETED":
        return job.output is not None
    return (kind, str(job.status)) in FAILED_ENDS and job.error is not None


def filled(model: Any, latest: Any) -> Any:
    """Give a model with what never changes, and the event left out, as it was last seen."""
    lasting = ("created_at", "document", "tags", "metadata", "hub_id", "workflow")
    known = {name: getattr(latest, name, None) for name in lasting if getattr(model, name, "") is None}
    return attrs.evolve(model, **{name: value for name, value in known.items() if value is not None})


def is_told_by_events(job: Any) -> bool:
    """Say whether there is an event of this end: of CLOSED, and of ends that are not known, there is none."""
    return job.status == "COMPLETED" or (job.status != "CLOSED" and is_over(job) and _is_known_end(job))


def seconds_apart(policy: PollPolicy, singles: int) -> float:
    """Give the least pause between two looks at one of so many jobs that are all read singly.

    A first pause under a second asks for that many more requests a second.
    """
    return singles * _PER_SINGLE * min(1.0, policy.first_delay)


def look_at(waiting: Waiting, *, by_lists: bool, events_flow: bool, apart: float, now: float) -> float:
    """Give the moment at which a job is to be read singly, if nothing is heard of it before.

    Args:
        waiting: The wait.
        by_lists: Whether lists are read, and it is told by them unless it is `alone`.
        events_flow: Whether events have been arriving.
        apart: Seconds between two looks at it at least, after the first, because many are read singly.
        now: This moment, on the monotonic clock.
    """
    if by_lists and not waiting.is_alone:
        return waiting.rested_at + waiting.guard
    pause = waiting.pause
    if waiting.looks > 1:
        pause = max(pause, apart)
    if events_flow and not waiting.is_alone and waiting.looks:
        pause = max(pause, _slow(now - waiting.began_at))
    return (waiting.rested_at if by_lists else waiting.told_at) + pause


def guard_pause(age: float, *, jitter: float) -> float:
    """Give the pause before a job that lists tell of is read singly all the same: a list may tell old news for ever."""
    return max(_GUARD, age) * (1 + jitter)


def seconds_before_list(
    policy: PollPolicy,
    *,
    youngest: float,
    pages: int,
    jitter: float,
    events_flow: bool = False,
    failures: int = 0,
    failure: PlexteraError | None = None,
) -> float:
    """Give the pause before lists are read again.

    Args:
        policy: Its first pause holds while jobs are young, its longest is not passed while no events arrive.
        youngest: Age of the youngest job, in seconds.
        pages: How many requests the last look at lists took.
        jitter: A number in [0, 1) that the caller drew.
        events_flow: Whether events have been arriving.
        failures: How many looks have failed one after the other.
        failure: What the last one failed with.
    """
    if failures:
        return seconds_before_look(policy, looks=failures + 1, jitter=jitter, failure=failure)
    pause = min(policy.max_delay, max(policy.first_delay, youngest * _SLOPE))
    if pages > 1:
        pause = max(pause, min(_LONG_LIST, pages * _PER_FEW_PAGES), pages * _PER_PAGE)
    if events_flow:
        pause = max(pause, _slow(youngest))
    return pause * (1 - _SPREAD + 2 * _SPREAD * jitter)


def was_told_lately(waiting: Waiting, *, now: float) -> bool:
    """Say whether a list told of it so lately that a look at its deadline would bring nothing."""
    return not waiting.is_alone and waiting.told_at > waiting.rested_at and now - waiting.told_at < _LATELY


def _slow(age: float) -> float:
    return min(_SLOWEST, max(_SLOW, age * _SLOW_SLOPE))


def _is_known_end(job: Any) -> bool:
    return (type(job).__name__, str(job.status)) in FAILED_ENDS
