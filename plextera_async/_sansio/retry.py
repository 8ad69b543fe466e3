"""Whether a failed request is sent again, and when. Contract: the errors guide's retry guidance; RFC 9110, 10.2.3."""

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from plextera_async.errors import APIError, ConnectError, DecodeError, RedirectError, TransportError
from plextera_async.options import RetryPolicy

__all__ = ["Failure", "backoff", "http_date", "may_repeat", "seconds_before_retry", "seconds_to_wait"]

Failure = TransportError | APIError | DecodeError

_SERVER_ERROR = 500
_CLIENT_ERROR = 400
_TOO_MANY = 429
_SECONDS = re.compile(r"[0-9]+(\.[0-9]+)?")
_LONGEST = 1e12  # seconds; so that a server that says more cannot make infinity of it
_SPREAD_OVER_RETRY_AFTER = 0.2
_SPREAD = 0.25


def seconds_to_wait(value: str | None, now: datetime) -> float | None:
    """Read a Retry-After header: seconds (also fractions) or an HTTP date.

    Args:
        value: The header, None when there is none.
        now: The server's time if it told it, else ours; aware.

    Returns:
        Seconds from now, never negative; None for no header and for anything that is neither.
    """
    text = (value or "").strip()
    if _SECONDS.fullmatch(text):
        return min(float(text), _LONGEST)
    moment = http_date(text)
    return None if moment is None else max(0.0, (moment - now).total_seconds())


def http_date(text: str) -> datetime | None:
    """Read an HTTP date in any of its three forms (RFC 9110, 5.6.7); None for anything else."""
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, OverflowError):  # OverflowError: a zone of a million hours
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)  # the asctime form names no zone


def backoff(policy: RetryPolicy, attempt: int, jitter: float) -> float:
    """Give our own pause after *attempt* failures: doubling, capped, spread by a quarter to both sides."""
    pause = min(policy.max_delay, policy.first_delay * 2.0 ** min(attempt - 1, 60))
    return pause * (1 - _SPREAD + 2 * _SPREAD * jitter)


def may_repeat(failure: Failure, *, repeats: bool) -> bool:
    """Say whether a request may be sent again after *failure*.

    Args:
        failure: What the last attempt ended in.
        repeats: Whether a second arrival is harmless. When it is not (creates), only a failure that proves that
            the server did nothing allows another attempt: it never left, 429, or below 500 and marked retryable.
    """
    if isinstance(failure, ConnectError):
        return True
    if isinstance(failure, TransportError):
        return repeats and not isinstance(failure, RedirectError)
    if isinstance(failure, DecodeError):  # a second answer would not fit either
        return False
    if failure.status >= _SERVER_ERROR:
        return repeats
    return failure.status == _TOO_MANY or (failure.retryable and failure.status >= _CLIENT_ERROR)


def seconds_before_retry(
    policy: RetryPolicy, failure: Failure, *, repeats: bool, attempt: int, jitter: float
) -> float | None:
    """Say how long to wait before the next attempt, or that there must be none.

    Args:
        policy: Pauses and limits.
        failure: What the last attempt ended in.
        repeats: Whether a second arrival of the request is harmless.
        attempt: Attempts made so far, the first being 1.
        jitter: A number in [0, 1) that the caller drew.

    Returns:
        Seconds: at least what the server asked for, up to a fifth more; None to give up.
    """
    if attempt >= policy.max_attempts or not may_repeat(failure, repeats=repeats):
        return None
    asked = failure.retry_after if isinstance(failure, APIError) else None
    if asked is None or asked == 0:  # zero would turn a crowd of retries into a storm
        return backoff(policy, attempt, jitter)
    if asked > policy.max_retry_after:
        return None
    return asked * (1 + _SPREAD_OVER_RETRY_AFTER * jitter)
