"""One open wait, as those see it who decide when its job is looked at."""

import math
from datetime import datetime

import attrs

__all__ = ["Waiting"]


@attrs.define(eq=False, kw_only=True)
class Waiting:
    """One open wait. Moments are seconds of the monotonic clock, but for `known`, which is the server's."""

    id: str
    """The job's id."""
    began_at: float
    """When the job was created, or else the wait began."""
    deadline: float
    """When the wait ends at the latest; infinity for never."""
    is_first: bool = False
    """Whether the job was created here and not read since: then it has had no end before this one."""
    known: datetime | None = None
    """`updatedAt` of the job as last seen."""
    status: str | None = None
    """Status of the job as last seen; None if never."""
    looks: int = 0
    """Single looks taken, the answer of the create among them."""
    pause: float = 0.0
    """Seconds before the next single look, if nothing else tells of the job."""
    guard: float = 0.0
    """Seconds before the next single look, although lists tell of the job."""
    rested_at: float = 0.0
    """When the last single look, or the beginning, was over."""
    told_at: float = 0.0
    """When the job was last seen to go on, by whatever means."""
    is_located: bool = False
    """Whether a list has shown the job, so that a list by time of change that does not show it tells that it goes on."""
    misses: int = 0
    """Looks at lists, one after the other, that should have shown the job and did not."""
    silences: int = 0
    """Looks at lists, one after the other, that told nothing of the job."""
    is_alone: bool = False
    """Whether lists are not believed about this job: it is missing there, or has ended by one and not by itself."""
    was_heard: bool = False
    """Whether an event has told of its end."""
    is_resting: bool = False
    """Whether it waits to be told something; while it reads its job, or is told, it does not."""
    due: float = math.inf
    """When it is to be told, at the latest."""
