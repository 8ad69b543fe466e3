"""When a job is over, when to look again, what a wait lives through."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plextera_async import errors, models
from plextera_async._sansio.polling import (
    ENDS,
    FAILED_ENDS,
    RUNNING,
    Job,
    absorbs,
    end_error,
    is_over,
    is_unknown,
    seconds_before_look,
)
from plextera_async.options import PollPolicy

NOW = datetime(2026, 1, 1, tzinfo=UTC)
KINDS = {"Extraction": models.Extraction, "ExtractJob": models.ExtractJob, "WorkflowRun": models.WorkflowRun}
STATUSES = {
    "Extraction": models.ExtractionStatus,
    "ExtractJob": models.ExtractionStatus,
    "WorkflowRun": models.RunStatus,
}


def _job(kind: str, status: str, *, completed: bool = False) -> Job:
    return KINDS[kind](id="j", status=STATUSES[kind](status), completed_at=NOW if completed else None)


@pytest.mark.parametrize("kind", KINDS)
def test_every_status_of_the_contract_is_running_or_an_end(kind: str):
    assert {status.value for status in STATUSES[kind]} == RUNNING | ENDS[kind]
    assert not RUNNING & ENDS[kind]


def test_every_end_but_completed_has_an_error():
    assert set(FAILED_ENDS) == {(kind, end) for kind, ends in ENDS.items() for end in ends - {"COMPLETED"}}


@pytest.mark.parametrize(
    ("kind", "status", "completed", "over", "unknown"),
    [
        ("Extraction", "QUEUED", False, False, False),
        ("Extraction", "QUEUED", True, False, False),
        ("Extraction", "PROCESSING", True, False, False),
        ("Extraction", "COMPLETED", False, True, False),
        ("Extraction", "REJECTED", True, True, False),
        ("Extraction", "CLOSED", False, False, True),
        ("Extraction", "CLOSED", True, True, True),
        ("WorkflowRun", "CLOSED", False, True, False),
        ("WorkflowRun", "REJECTED", False, False, True),
        ("WorkflowRun", "completed", False, False, True),
        ("ExtractJob", "FAILED", False, True, False),
        ("ExtractJob", "PAUSED", True, True, True),
        ("ExtractJob", "", False, False, True),
    ],
)
def test_an_unknown_status_is_no_end_without_a_time_of_completion(
    *, kind: str, status: str, completed: bool, over: bool, unknown: bool
):
    job = _job(kind, status, completed=completed)

    assert is_over(job) is over
    assert is_unknown(job) is unknown


@pytest.mark.parametrize(
    ("kind", "status", "error"),
    [
        ("Extraction", "FAILED", errors.ExtractionFailedError),
        ("Extraction", "REJECTED", errors.ExtractionRejectedError),
        ("ExtractJob", "FAILED", errors.ExtractionFailedError),
        ("ExtractJob", "REJECTED", errors.ExtractionRejectedError),
        ("WorkflowRun", "FAILED", errors.RunFailedError),
        ("WorkflowRun", "CLOSED", errors.RunClosedError),
    ],
)
def test_a_bad_end_has_its_error(kind: str, status: str, error: type[errors.JobFailedError]):
    job = _job(kind, status)
    made = end_error(job, request_id="r")

    assert type(made) is error
    assert made.job is job
    assert made.request_id == "r"


@pytest.mark.parametrize("status", ["COMPLETED", "PROCESSING", "SOMETHING_NEW"])
@pytest.mark.parametrize("kind", KINDS)
def test_no_other_status_has_one(kind: str, status: str):
    assert end_error(_job(kind, status, completed=True), request_id=None) is None


@pytest.mark.parametrize(
    ("looks", "jitter", "seconds"),
    [
        (1, 0.5, 1.0),
        (2, 0.5, 1.5),
        (3, 0.5, 2.25),
        (20, 0.5, 10.0),
        (10_000, 0.5, 10.0),
        (1, 0.0, 0.8),
        (1, 1.0, 1.2),
    ],
)
def test_pauses_grow_by_half_up_to_their_limit(looks: int, jitter: float, seconds: float):
    assert seconds_before_look(PollPolicy(), looks=looks, jitter=jitter) == pytest.approx(seconds)


@pytest.mark.parametrize(
    ("failure", "least"),
    [
        (errors.RateLimitedError(status=429, retry_after=50.0), 50.0),
        (errors.RateLimitedError(status=429, retry_after=0.1), 0.8),
        (errors.RateLimitedError(status=429, retry_after=1e9), 600.0),
        (errors.RateLimitedError(status=429), 0.8),
        (errors.ConnectError("refused"), 0.8),
        (None, 0.8),
    ],
)
def test_a_pause_is_no_shorter_than_the_server_asked_for(failure: errors.PlexteraError | None, least: float):
    assert seconds_before_look(PollPolicy(), looks=1, jitter=0.0, failure=failure) == pytest.approx(least)


@given(
    first=st.floats(1e-3, 1e3),
    longest=st.floats(1e-3, 1e3),
    looks=st.integers(1, 10_000),
    jitter=st.floats(0, 1, exclude_max=True),
    asked=st.none() | st.floats(0, 1e6),
)
def test_a_pause_is_positive_and_within_its_bounds(
    *, first: float, longest: float, looks: int, jitter: float, asked: float | None
):
    policy = PollPolicy(first_delay=first, max_delay=longest)
    failure = errors.ServerError(status=503, retry_after=asked)
    pause = seconds_before_look(policy, looks=looks, jitter=jitter, failure=failure)

    heeded = min(asked or 0.0, 600.0)
    assert heeded <= pause
    assert 0 < pause <= 1.2 * max(longest, heeded) + 1e-9


@pytest.mark.parametrize(
    ("failure", "age", "lives"),
    [
        (errors.NotFoundError(status=404), 0.0, True),
        (errors.NotFoundError(status=404), 29.9, True),
        (errors.NotFoundError(status=404), 30.0, False),
        (errors.NotFoundError(status=404), None, False),
        (errors.RateLimitedError(status=429), None, True),
        (errors.ServerError(status=500), None, True),
        (errors.ServerError(status=503), None, True),
        (errors.AuthenticationError(status=401), 0.0, False),
        (errors.PermissionDeniedError(status=403), 0.0, False),
        (errors.InvalidRequestError(status=400), 0.0, False),
        (errors.ConflictError(status=409, retryable=True), 0.0, True),
        (errors.ConflictError(status=409), 0.0, False),
        (errors.AuthenticationError(status=401, retryable=True), 0.0, False),
        (errors.RedirectError("elsewhere"), 0.0, False),
        (errors.APIError(status=418), 0.0, False),
        (errors.ConnectError("refused"), None, True),
        (errors.ConnectionLostError("lost"), None, True),
        (errors.RequestTimeoutError("silent"), None, True),
        (errors.DecodeError([("$", "JSON", "nothing")]), None, True),
        (errors.ConfigurationError("wrong loop"), None, False),
        (errors.InvalidInputError("no id"), None, False),
    ],
)
def test_what_a_wait_lives_through(failure: errors.PlexteraError, age: float | None, *, lives: bool):
    assert absorbs(failure, age=age) is lives
