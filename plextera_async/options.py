"""Settings of a client: frozen values, refused when they can never work. All times are seconds."""

import math
import sys
from typing import Any

import attrs

from plextera_async.errors import ConfigurationError

try:
    import resource
except ImportError:  # Windows
    resource = None  # type: ignore[assignment] # as the standard library does it

__all__ = ["ClientOptions", "Limits", "PollPolicy", "RetryPolicy", "Timeouts"]


_MOST_IN_FLIGHT = 1000
_SOCKETS_OF_SELECT = 512  # that Windows watches at one time
_LONGEST = 1e9  # thirty years; far beyond it, event loops and clocks overflow


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < math.inf


def _positive(owner: object, attribute: "attrs.Attribute[Any]", value: Any) -> None:
    if not _is_number(value) or value <= 0 or value > _LONGEST:
        raise ConfigurationError(
            f"{type(owner).__name__}.{attribute.name} must be a number of seconds, above 0 and at most {_LONGEST:.0f}"
        )


def _positive_or_none(owner: object, attribute: "attrs.Attribute[Any]", value: Any) -> None:
    if value is not None:
        _positive(owner, attribute, value)


def _at_least_one(owner: object, attribute: "attrs.Attribute[Any]", value: Any) -> None:
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise ConfigurationError(
            f"{type(owner).__name__}.{attribute.name} must be a whole number of at least 1"
        )


def _of_its_type(owner: object, attribute: "attrs.Attribute[Any]", value: Any) -> None:
    if attribute.type is not None and not isinstance(value, attribute.type):
        kind = attribute.type.__name__
        raise ConfigurationError(f"{type(owner).__name__}.{attribute.name} must be a {kind}")


@attrs.frozen
class Timeouts:
    """Limits of one attempt.

    Waiting for its turn counts in none of them: for room in flight, for the learned rate, or until a pause is over that
    the server asked for.
    """

    connect: float = attrs.field(default=10.0, validator=_positive)
    """Longest time to a usable connection: name look-up, TCP, proxy and TLS together."""

    read: float = attrs.field(default=60.0, validator=_positive)
    """Longest silence: before the answer begins, between two pieces of its body, and while the server takes nothing of an
    upload. A head that comes in pieces may count as one piece. It is noticed about an eighth later at most."""

    total: float | None = attrs.field(default=None, validator=_positive_or_none)
    """Longest time of one attempt from connecting to the last byte, connecting at most half of it; None is no limit.

    None is the default, because a limit on the whole cuts off honest uploads on slow lines.
    """


@attrs.frozen
class RetryPolicy:
    """How a request that may be repeated is repeated; which may, `RetryPolicy` cannot change.

    A refusal (429, or 503 with Retry-After) holds back all requests of its kind until the time that the server named,
    and lets them leave at a slower rate from then on. The refused request pauses for itself, and has its old place
    when it comes back; each refusal is one of its attempts.
    """

    max_attempts: int = attrs.field(default=5, validator=_at_least_one)
    """Attempts in all, the first among them; 1 is no retry."""

    first_delay: float = attrs.field(default=1.0, validator=_positive)
    """Pause after the first failure; it doubles from there, and is spread by a quarter to both sides."""

    max_delay: float = attrs.field(default=30.0, validator=_positive)
    """Longest pause of our own choosing, before the spread."""

    max_retry_after: float = attrs.field(default=60.0, validator=_positive)
    """Longest pause that the server may ask for: past it the error is raised at once, with `retry_after` set, and
    nobody else is held back."""


@attrs.frozen
class PollPolicy:
    """How a waiting handle looks at its job."""

    first_delay: float = attrs.field(default=1.0, validator=_positive)
    """Pause before the second look; each later one is half as long again, spread by a fifth to both sides. Also between
    looks at lists while jobs are young, when there are many waits; where that takes several pages, 1.6 s or more. Where
    lists tell nothing, many waits take at most some 100 requests a second in all, and with less than a second here as
    many more."""

    max_delay: float = attrs.field(default=10.0, validator=_positive)
    """Longest pause between two looks, while no events arrive and lists can be read. Ten seconds: with thirty, the mean job is noticed ten seconds late."""

    wait_timeout: float | None = attrs.field(default=3600.0, validator=_positive_or_none)
    """Limit of a wait that names none; None is no limit."""


def _fitting_concurrency() -> int:
    return max(1, min(_MOST_IN_FLIGHT, _files_that_may_be_open() // 3))


def _files_that_may_be_open() -> int:
    if resource is None:
        return _SOCKETS_OF_SELECT
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return sys.maxsize if soft == resource.RLIM_INFINITY else soft


@attrs.frozen
class Limits:
    """What a client may use at one time, per event loop.

    How fast requests leave needs no setting: nothing limits the rate until the server refuses (429, or 503 with
    Retry-After). From then on it is learned, and raised again and again to see whether the quota has grown; separately
    for requests that carry files, others that change something, and reads. `AsyncPlextera.pace` shows it. Requests of a
    kind leave in the order in which their calls were made, but looks of waits let others go first: when both wait, one
    in four is a look.
    """

    concurrency: int = attrs.field(factory=_fitting_concurrency, validator=_at_least_one)
    """Requests in flight at most; a download by `files.stream` counts until its head has come, and an upload from a file
    holds up to 0.6 MB. When more than one answer in twenty is 429 or 5xx there may be fewer, of that kind of request,
    until answers are good again. Where it is more than 150, a client begins with 150 and takes seven times as many after
    each round of good answers.

    By default 1000, or a third of the process's limit of open files where that is less: 341 on most Linux systems (1024
    files), 85 on macOS (256). A third, because each request has a connection, may leave an idle one of the other kind
    (reads, changes) behind, and the program has files of its own. With a slow server this number decides: requests a
    second are at most requests in flight divided by seconds to an answer.
    """


@attrs.frozen(kw_only=True)
class ClientOptions:
    """Everything about a client that has a default."""

    timeouts: Timeouts = attrs.field(factory=Timeouts, validator=_of_its_type)
    """Limits of one attempt."""

    retry: RetryPolicy = attrs.field(factory=RetryPolicy, validator=_of_its_type)
    """Pauses and number of attempts."""

    polling: PollPolicy = attrs.field(factory=PollPolicy, validator=_of_its_type)
    """Pauses and limit of waits."""

    limits: Limits = attrs.field(factory=Limits, validator=_of_its_type)
    """Requests in flight."""

    reconcile: bool = attrs.field(default=True, validator=_of_its_type)
    """Whether extractions that are created without `key=` carry a key of the client's making as a tag, and whether those
    whose fate is unknown are looked for by their key; without it they raise `AmbiguousCreateError` at once."""

    retry_uploads: bool = attrs.field(default=True, validator=_of_its_type)
    """Whether `POST /files` is repeated after a failure that may have stored the file.

    A file that was stored twice costs nothing but cannot be deleted either.
    """

    allow_plain_http: bool = attrs.field(default=False, validator=_of_its_type)
    """Whether the key may travel over plain http to a host other than loopback."""
