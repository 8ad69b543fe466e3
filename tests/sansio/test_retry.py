"""The table of what is sent again, and the laws of when."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plextera_async import errors
from plextera_async._sansio.retry import (
    Failure,
    backoff,
    http_date,
    may_repeat,
    seconds_before_retry,
    seconds_to_wait,
)
from plextera_async.options import RetryPolicy

NOW = datetime(1994, 11, 6, 8, 49, 37, tzinfo=UTC)


def _api(status: int, *, retryable: bool = False, retry_after: float | None = None) -> errors.APIError:
    return errors.APIError(status=status, retryable=retryable, retry_after=retry_after)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("", None),
        (" ", None),
        ("0", 0.0),
        ("7", 7.0),
        (" 7 ", 7.0),
        ("007", 7.0),
        ("1.5", 1.5),
        ("0.000000000001", 1e-12),
        ("9" * 400, 1e12),
        ("99999999999999.5", 1e12),
        ("-7", None),
        ("+7", None),
        ("7.", None),
        (".5", None),
        ("1e3", None),
        ("1,5", None),
        ("1_000", None),
        ("0x10", None),
        ("7 s", None),
        ("7, 8", None),
        ("\u0667", None),
        ("\uff17", None),
        ("²", None),
        ("NaN", None),
        ("inf", None),
        ("soon", None),
        ("Sun, 06 Nov 1994 08:49:47 GMT", 10.0),
        ("Sunday, 06-Nov-94 08:49:47 GMT", 10.0),
        ("Sun Nov  6 08:49:47 1994", 10.0),
        ("Sun, 06 Nov 1994 09:49:47 +0100", 10.0),
        ("Sun, 06 Nov 1994 08:49:36 GMT", 0.0),
        ("Sun, 06 Nov 1904 08:49:36 GMT", 0.0),
        ("Sun, 31 Feb 1994 08:49:47 GMT", None),
        ("Sun, 06 Nov 1994 88:49:47 GMT", None),
        ("Sun, 06 Nov 1994 08:49:47 +9999999999999999999999", None),
        ("Sun, 06 Nov 1994 08:49:47 +9900", None),
    ],
)
def test_retry_after_is_seconds_or_a_date_or_nothing(header: str | None, seconds: float | None):
    assert seconds_to_wait(header, NOW) == seconds


@given(st.text(max_size=60))
def test_no_header_makes_it_fail_or_wait_less_than_nothing(header: str):
    seconds = seconds_to_wait(header, NOW)

    assert seconds is None or 0 <= seconds <= 1e12


@given(st.integers(0, 4_000_000_000))
def test_a_date_is_read_as_the_distance_from_the_given_time(seconds: int):
    moment = datetime.fromtimestamp(seconds, UTC)
    header = format_datetime(moment, usegmt=True)

    assert http_date(header) == moment
    assert seconds_to_wait(header, moment - timedelta(seconds=90)) == 90.0


WORDS = [
    "Sun,",
    "06",
    "6",
    "06-Nov-94",
    "Nov",
    "08:49:37",
    "8:49",
    "1994",
    "GMT",
    "+0000",
    "-0000",
    "+9999999999",
    ":",
    "(",
    "-",
]


@given(st.lists(st.sampled_from(WORDS), max_size=8).map(" ".join))
def test_what_resembles_a_date_gives_an_aware_one_or_none(text: str):
    moment = http_date(text)

    assert moment is None or moment.tzinfo is not None


# Create safety: the table of DESIGN.md, section 6

TABLE: list[tuple[Failure, bool, bool]] = [
    # failure, sent again if harmless (repeats), sent again if not (creates)
    (errors.ConnectError("refused"), True, True),
    (_api(429), True, True),
    (_api(429, retryable=True), True, True),
    (_api(409, retryable=True), True, True),
    (_api(409, retryable=False), False, False),
    (_api(400, retryable=True), True, True),
    (_api(408, retryable=True), True, True),
    (_api(400), False, False),
    (_api(401), False, False),
    (_api(403), False, False),
    (_api(404), False, False),
    (_api(413), False, False),
    (_api(415), False, False),
    (_api(422), False, False),
    (_api(304), False, False),
    (errors.ConnectionLostError("lost"), True, False),
    (errors.RequestTimeoutError("silent"), True, False),
    (errors.TransportError("not HTTP"), True, False),
    (_api(500), True, False),
    (_api(500, retryable=True), True, False),
    (_api(502, retryable=True), True, False),
    (_api(503, retryable=True, retry_after=1), True, False),
    (_api(504), True, False),
    (_api(599, retryable=True), True, False),
    (errors.RedirectError("elsewhere", status=307), False, False),
    (errors.DecodeError([("$", "JSON", "nothing")], may_have_been_applied=True), False, False),
]


@pytest.mark.parametrize(("failure", "harmless", "create"), TABLE)
def test_what_is_sent_again(failure: Failure, *, harmless: bool, create: bool):
    assert may_repeat(failure, repeats=True) is harmless
    assert may_repeat(failure, repeats=False) is create


failures = st.sampled_from([row[0] for row in TABLE]) | st.builds(
    _api,
    st.integers(100, 999),
    retryable=st.booleans(),
    retry_after=st.none() | st.floats(0, 1e12),
)
policies = st.builds(
    RetryPolicy,
    max_attempts=st.integers(1, 8),
    first_delay=st.floats(1e-3, 1e3),
    max_delay=st.floats(1e-3, 1e3),
    max_retry_after=st.floats(1e-3, 1e4),
)
jitters = st.floats(0, 1, exclude_max=True)


@given(policy=policies, failure=failures, repeats=st.booleans(), attempt=st.integers(1, 12), jitter=jitters)
def test_a_pause_is_never_negative_and_attempts_never_exceed_the_limit(
    *, policy: RetryPolicy, failure: Failure, repeats: bool, attempt: int, jitter: float
):
    pause = seconds_before_retry(policy, failure, repeats=repeats, attempt=attempt, jitter=jitter)

    assert pause is None or pause > 0
    if attempt >= policy.max_attempts or not may_repeat(failure, repeats=repeats):
        assert pause is None


@given(policy=policies, asked=st.floats(1e-3, 2e4), jitter=jitters)
def test_the_server_gets_what_it_asks_for_and_up_to_a_fifth_more_or_no_further_request(
    policy: RetryPolicy, asked: float, jitter: float
):
    policy = RetryPolicy(max_retry_after=policy.max_retry_after)
    pause = seconds_before_retry(
        policy, _api(429, retry_after=asked), repeats=False, attempt=1, jitter=jitter
    )

    if asked > policy.max_retry_after:
        assert pause is None
    else:
        assert pause is not None
        assert asked <= pause <= asked * 1.2


@pytest.mark.parametrize("asked", [None, 0.0])
def test_without_a_time_to_wait_the_pause_is_our_own(asked: float | None):
    policy = RetryPolicy(first_delay=2.0)

    assert (
        seconds_before_retry(policy, _api(429, retry_after=asked), repeats=True, attempt=1, jitter=0.5) == 2.0
    )


@pytest.mark.parametrize(
    ("attempt", "jitter", "seconds"),
    [
        (1, 0.5, 1.0),
        (2, 0.5, 2.0),
        (5, 0.5, 16.0),
        (6, 0.5, 30.0),
        (10_000, 0.5, 30.0),
        (1, 0.0, 0.75),
        (1, 1.0, 1.25),
    ],
)
def test_our_own_pause_doubles_up_to_its_limit_and_is_spread(attempt: int, jitter: float, seconds: float):
    assert backoff(RetryPolicy(), attempt, jitter) == pytest.approx(seconds)
