"""How fast requests may leave and how many may be under way: what the answers teach about a server's quota.

Nothing limits the rate until the server refuses (429, or 503 with Retry-After). From then on a rate is held for a
while, then raised, gently at first and boldly once it has passed what was known, until the next refusal. A refusal
costs a pause of everybody, so the longer the pauses of a server are, the rarer it is probed.

A quota lets through a burst beside its rate, and neither is told. So the rate is read from what the server took in a
span of time, and the span is lengthened by a burst that is assumed: a short one after a gentle rise, a longer one
where there was little time to measure.
"""

import math
from collections.abc import Sequence
from enum import Enum
from typing import Final, Literal

import attrs

from plextera_async._sansio.message import Request
from plextera_async.errors import APIError, TransportError

__all__ = [
    "KEPT",
    "KINDS",
    "Flight",
    "Kind",
    "Pace",
    "Paces",
    "Rate",
    "Told",
    "answered",
    "is_due",
    "kind_of",
    "per_second",
    "refused",
    "sent",
    "told",
    "took_late",
]

KEPT = 4096
"""How many times of answers are worth keeping."""

Kind = Literal["uploads", "creates", "reads"]
KINDS: Final[tuple[Kind, ...]] = ("uploads", "creates", "reads")
"""What a request is to the gate; each kind has a pace of its own."""

_TOO_MANY = 429
_UNAVAILABLE = 503
_SERVER_ERROR = 500

_SLOWEST = 0.5  # a second; slower, and a pause that the server asks for is the better teacher
_CATCH_UP = 0.05  # seconds of sending that a late timer may make up for at once
_EARLY = 1e-6  # seconds; a sum of floats may fall short of the moment that it was made from

_OWN_PAUSE = 0.25  # seconds, where the server names none
_MOST_OWN_PAUSE = 2.0

# How a rate rises. The figures below were found by trying thousands of them on quotas in virtual time.
_SEARCH = 2.0  # seconds; after the first refusal steeply: by 28 % in one, to 2.7 times in two
_GENTLE = 9.0  # seconds; later by 1 % in one, by 12 % in three; sooner where little is known
_LEAST_SURE = 0.3
_BOLD_AFTER = 3.5  # seconds of gentle rise
_BOLD = 1.3  # seconds; then by 80 % in one
_HOLD_PER_PAUSE = 7.0
_LEAST_HOLD = 2.0  # seconds
_MOST_HOLD = 120.0

# What is read from a refusal.
_SHARE = 0.96  # of what the server was measured to take
_CUT = 0.95  # of the rate that was refused, at most
_LEAST_LEFT = 0.4  # of the rate before it rose: few answers say little, and others may have used the quota
_SURE_AFTER = 6.0  # seconds of sending
_MEASURED = 2.5  # seconds before the refusal that say most about the rate
_SPANS = (0.25, 0.5, 1.0, 2.0)  # seconds; tried where the rate rose so fast that a long one would say little
_SHORT_BURST = 0.12  # seconds of the quota's rate
_LONG_BURST = 0.2

_FEW = 0.05  # the share of failures that is not the doing of too many at once
_FEWER = 0.7
_FIRST = 150  # under way before the server has answered any
_TIMES = 7  # a thousand after one good round: with a slow server, each round costs a whole answer's time


class Told(Enum):
    """What the end of an attempt says about the server's patience."""

    NOTHING = "nothing"
    TAKEN = "taken"
    FAILED = "failed"
    REFUSED = "refused"


@attrs.frozen(kw_only=True)
class Pace:
    """How one kind of request goes at the moment.

    Attributes:
        per_second: Requests a second that are let through; None for any number, as long as none was refused.
        paused_for: Seconds until the time that the server named, 0.0 when there is none.
        in_flight: Requests under way.
        most_in_flight: How many may be; at most `Limits.concurrency`.
        waiting: Requests that wait for their turn.
    """

    per_second: float | None
    paused_for: float
    in_flight: int
    most_in_flight: int
    waiting: int


@attrs.frozen(kw_only=True)
class Paces:
    """How a client's requests go at the moment, by kind.

    Attributes:
        uploads: Requests that carry files.
        creates: All others that change something.
        reads: Requests that change nothing, the looks of waits among them.
    """

    uploads: Pace
    creates: Pace
    reads: Pace


@attrs.frozen(kw_only=True)
class Rate:
    """A learned send rate; moments are seconds of one monotonic clock."""

    base: float
    """Requests a second, before it rises."""
    hold: float
    """Seconds of sending before it rises."""
    sure: float = 1.0
    """How well it is known, 0 to 1; the less, the sooner it rises."""
    searching: bool = False
    """Whether it is the first one, a guess."""
    age: float = 0.0
    """Seconds for which it held requests back."""
    pause: float
    """Seconds of the pause before it."""
    resumes_at: float
    """When that pause ends."""
    next_at: float
    """When the next request may leave."""


@attrs.frozen
class Flight:
    """How many requests may be under way at once."""

    most: int
    limit: float
    answers: int = 0
    failures: int = 0
    rises: bool = False
    """Whether no round has been bad yet."""

    @classmethod
    def first(cls, most: int) -> "Flight":
        """Begin: with no crowd, however many may be under way in the end."""
        return cls(most, float(min(most, _FIRST)), rises=True)

    @property
    def room(self) -> int:
        """The limit as a whole number, at least one."""
        return int(self.limit)


def kind_of(request: Request) -> Kind:
    """Say whose pace a request keeps."""
    if not request.changes:
        return "reads"
    body = request.body
    carries_files = body is not None and body.content_type.startswith("multipart/")
    return "uploads" if carries_files else "creates"


def told(outcome: object, *, longest: float) -> tuple[Told, float]:
    """Read what the end of an attempt says.

    Args:
        outcome: An error, or anything else for an answer that was one.
        longest: Seconds; whoever is asked to wait longer gives up, which is no matter of pace.

    Returns:
        What it says, and the seconds for which a refusal asks, 0.0 when it names none.
    """
    if not isinstance(outcome, APIError):
        return (Told.NOTHING if isinstance(outcome, TransportError) else Told.TAKEN), 0.0
    asked = outcome.retry_after or 0.0
    refuses = outcome.status == _TOO_MANY or (outcome.status == _UNAVAILABLE and asked > 0)
    if refuses and asked <= longest:
        return Told.REFUSED, asked
    return (Told.FAILED if refuses or outcome.status >= _SERVER_ERROR else Told.TAKEN), 0.0


def per_second(rate: Rate) -> float:
    """Give the requests a second of now."""
    rise = max(0.0, rate.age - rate.hold)
    if rate.searching:
        exponent = (rise / _SEARCH) ** 2
    else:
        gentle = rise / (_GENTLE * max(_LEAST_SURE, rate.sure))
        bold = max(0.0, rise - _BOLD_AFTER) / _BOLD
        exponent = gentle**2 + bold**2
    return rate.base * math.exp(min(exponent, 20.0))


def is_due(rate: Rate, now: float) -> bool:
    """Say whether the next request may leave."""
    return rate.next_at <= now + _EARLY


def sent(rate: Rate, now: float, *, crowded: bool) -> Rate:
    """Book the request that leaves now.

    Args:
        rate: The rate so far.
        now: The time.
        crowded: Whether more are waiting. Time passes for the rate only while they wait for it: nothing is learned
            from quiet, nor where there is no room in flight.
    """
    step = 1 / per_second(rate)
    binds = crowded and rate.next_at >= now - _CATCH_UP
    return attrs.evolve(
        rate,
        age=rate.age + step if binds else rate.age,
        next_at=max(rate.next_at, now - _CATCH_UP) + step,
    )


def took_late(rate: Rate) -> Rate:
    """Count an answer that was on its way when the first refusal came: the guess from it was that much too low."""
    return attrs.evolve(rate, base=rate.base + 1) if rate.searching else rate


def paused(rate: Rate, now: float, pause: float) -> Rate:
    """Let nothing leave for so many seconds."""
    until = max(rate.resumes_at, now + pause)
    return attrs.evolve(rate, pause=pause, resumes_at=until, next_at=max(rate.next_at, until))


def refused(rate: Rate | None, now: float, *, pause: float, taken: Sequence[float]) -> Rate:
    """Learn from a refusal, and wait for as long as it says.

    Args:
        rate: The rate at which the refused request had left; None when there was none.
        now: The time.
        pause: Seconds for which the server asks; 0.0 for none, then a short one is made.
        taken: When the latest answers came that were no refusals, ascending.
    """
    if rate is not None and not (
        taken and taken[-1] > rate.resumes_at
    ):  # the quota is still used up: no news
        return paused(rate, now, max(pause, min(_MOST_OWN_PAUSE, 2 * rate.pause)))
    pause = max(pause, _OWN_PAUSE)
    hold = min(_MOST_HOLD, max(_LEAST_HOLD, _HOLD_PER_PAUSE * pause))
    if rate is None:
        base, sure = _taken_in(taken, now, seconds=1.0), 0.0
    else:
        base, sure = _learned(rate, now, taken)
        base = max(_LEAST_LEFT * rate.base, min(base, _CUT * per_second(rate)))
    return Rate(
        base=max(_SLOWEST, base),
        hold=hold * sure,
        sure=sure,
        searching=rate is None,
        pause=pause,
        resumes_at=now + pause,
        next_at=now + pause,
    )


def _learned(rate: Rate, now: float, taken: Sequence[float]) -> tuple[float, float]:
    """Give the rate that a refusal shows, and how sure that is."""
    since = max(_SPANS[0], now - rate.resumes_at)
    rise = rate.age - rate.hold
    if rate.searching or rise > _BOLD_AFTER + _BOLD / 2:
        shown = max(
            _taken_in(taken, now, seconds=span, burst=_LONG_BURST) for span in _SPANS if span <= since
        )
        return max(_SHARE * shown, 0.0 if rate.searching else rate.base), 0.5
    if rise > 1:
        shown = _taken_in(taken, now, seconds=min(since, rise, _MEASURED), burst=_SHORT_BURST)
        return max(rate.base, _SHARE * shown), 1.0
    shown = _taken_in(taken, now, seconds=since, burst=_LONG_BURST)
    return _SHARE * shown, min(1.0, since / _SURE_AFTER)


def _taken_in(taken: Sequence[float], now: float, *, seconds: float, burst: float = 0.0) -> float:
    """Give the answers a second of the latest span, less the burst that may be among them."""
    count = 0
    for moment in reversed(taken):
        if moment <= now - seconds:
            break
        count += 1
    if count == KEPT:  # older ones are forgotten
        seconds = now - taken[0]
    return count / (seconds + burst)


def answered(flight: Flight, *, failed: bool) -> Flight:
    """Learn from an answer how many may be under way: after a round without failures more, else fewer.

    More is seven times as many until the first bad round, and one more from then on.

    A round is as many answers as may be under way. Up to one failure in twenty is taken for a document's own.
    """
    if not failed and not flight.answers and flight.limit >= flight.most:
        return flight  # the usual case costs nothing
    answers, failures = flight.answers + 1, flight.failures + failed
    if answers < flight.room:
        return attrs.evolve(flight, answers=answers, failures=failures)
    if failures > answers * _FEW:
        return Flight(flight.most, max(1.0, flight.limit * _FEWER))
    more = flight.limit * _TIMES if flight.rises else flight.limit + 1
    return Flight(flight.most, min(float(flight.most), more), rises=flight.rises)
