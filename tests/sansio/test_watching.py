"""When jobs and lists are looked at, and what is believed of what they and events tell."""

import math
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plextera_async import errors, models
from plextera_async._sansio.events import JobEvent
from plextera_async._sansio.recent import RecentEvents
from plextera_async._sansio.waiting import Waiting
from plextera_async._sansio.watching import (
    Worth,
    filled,
    guard_pause,
    is_told_by_events,
    look_at,
    seconds_apart,
    seconds_before_list,
    suffices,
    was_told_lately,
    worth,
)
from plextera_async.options import PollPolicy

NOW = datetime(2026, 1, 1, tzinfo=UTC)
POLICY = PollPolicy()
ERROR = models.ProcessingError(code="C", message="m")
OUTPUT = models.ExtractionOutput(fields=[])
JITTER = st.floats(0, 1, exclude_max=True)
SECONDS = st.floats(0, 1e6)


def _waiting(**changes: Any) -> Waiting:
    values: dict[str, Any] = {"id": "j", "began_at": 0.0, "deadline": math.inf, "known": NOW, **changes}
    return Waiting(**values)


def _event(seconds: float, model: Any = None, id: str = "j") -> JobEvent:
    return JobEvent(kind="extraction", id=id, occurred_at=NOW + timedelta(seconds=seconds), model=model)


@pytest.mark.parametrize(
    ("seconds", "known", "is_first", "value"),
    [
        (1, NOW, False, Worth.BELIEF),
        (0, NOW, True, Worth.BELIEF),
        (0, NOW, False, Worth.A_LOOK),
        (-1, NOW, True, Worth.NOTHING),
        (-1, NOW, False, Worth.NOTHING),
        (-1, None, False, Worth.BELIEF),
    ],
)
def test_an_event_counts_if_it_is_not_older_than_what_is_known(
    seconds: float, known: datetime | None, *, is_first: bool, value: Worth
) -> None:
    assert worth(_event(seconds), _waiting(known=known, is_first=is_first)) is value


@pytest.mark.parametrize(
    ("model", "does"),
    [
        (models.Extraction(id="j", status="PROCESSING"), False),
        (models.Extraction(id="j", status="COMPLETED"), False),
        (models.Extraction(id="j", status="COMPLETED", output=OUTPUT), True),
        (models.Extraction(id="j", status="FAILED"), False),
        (models.Extraction(id="j", status="FAILED", error=ERROR), True),
        (models.Extraction(id="j", status="REJECTED", error=ERROR), True),
        (models.Extraction(id="j", status="ARCHIVED", completed_at=NOW, error=ERROR), False),
        (models.ExtractJob(id="j", status="COMPLETED", output=OUTPUT), True),
        (models.WorkflowRun(id="j", status="COMPLETED"), False),
        (models.WorkflowRun(id="j", status="COMPLETED", steps=[]), False),
        (models.WorkflowRun(id="j", status="PROCESSING", steps=[models.RunStep()]), False),
        (models.WorkflowRun(id="j", status="FAILED", steps=[models.RunStep()]), True),
    ],
)
def test_a_model_suffices_if_reading_the_job_would_tell_no_more(model: Any, *, does: bool) -> None:
    assert suffices(model) is does


def test_what_never_changes_is_kept_and_what_does_is_not() -> None:
    latest = models.Extraction(id="j", status="QUEUED", tags={"a": "b"}, created_at=NOW, output=OUTPUT)
    model = models.Extraction(id="j", status="COMPLETED")
    assert filled(model, latest) == models.Extraction(
        id="j", status="COMPLETED", tags={"a": "b"}, created_at=NOW
    )
    assert filled(model, None) == model
    later = models.Extraction(id="j", status="COMPLETED", tags={}, created_at=NOW + timedelta(1))
    assert filled(later, latest) == later


@pytest.mark.parametrize(
    ("kind", "status", "is_told"),
    [
        (models.Extraction, "COMPLETED", True),
        (models.Extraction, "FAILED", True),
        (models.Extraction, "REJECTED", True),
        (models.Extraction, "ARCHIVED", False),
        (models.Extraction, "PROCESSING", False),
        (models.WorkflowRun, "FAILED", True),
        (models.WorkflowRun, "CLOSED", False),
        (models.ExtractJob, "REJECTED", True),
    ],
)
def test_ends_that_have_an_event(kind: Any, status: str, *, is_told: bool) -> None:
    assert is_told_by_events(kind(id="j", status=status, completed_at=NOW)) is is_told


@pytest.mark.parametrize(
    ("changes", "by_lists", "flow", "apart", "at"),
    [
        # alone or with few others: the pause, from when it was last heard of
        ({"pause": 1.5, "looks": 2}, False, False, 0, 11.5),
        ({"pause": 0.0, "looks": 0}, False, True, 0, 10),
        # with lists: the guard, unless they do not tell of it
        ({"pause": 1.5, "guard": 130.0, "looks": 2}, True, False, 0, 130),
        ({"pause": 1.5, "guard": 130.0, "looks": 2, "is_alone": True}, True, True, 0, 1.5),
        # many, and no list tells of any: so far apart, but for the first look
        ({"pause": 1.5, "looks": 2}, False, False, 50.0, 60),
        ({"pause": 1.5, "looks": 1}, False, False, 50.0, 11.5),
        # while events arrive
        ({"pause": 1.5, "looks": 2}, False, True, 0, 20),
        ({"pause": 1.5, "looks": 2, "began_at": -500.0}, False, True, 0, 10 + 510 / 20),
        ({"pause": 1.5, "looks": 2, "began_at": -5000.0}, False, True, 0, 70),
        ({"pause": 1.5, "looks": 2, "is_alone": True}, False, True, 0, 11.5),
    ],
)
def test_the_moment_of_a_single_look(
    changes: dict[str, Any], *, by_lists: bool, flow: bool, apart: float, at: float
) -> None:
    waiting = _waiting(rested_at=0.0, told_at=10.0, **changes)
    assert look_at(waiting, by_lists=by_lists, events_flow=flow, apart=apart, now=10.0) == pytest.approx(at)


@pytest.mark.parametrize(
    ("first_delay", "apart"),
    [(1.0, 50.0), (5.0, 50.0), (0.1, 5.0), (0.001, 0.05)],
)
def test_many_that_are_read_singly_take_100_requests_a_second_or_as_many_more_as_the_policy_asks_for(
    first_delay: float, apart: float
) -> None:
    assert seconds_apart(PollPolicy(first_delay=first_delay), 5000) == pytest.approx(apart)
    assert seconds_apart(PollPolicy(first_delay=first_delay), 0) == 0


@pytest.mark.parametrize(
    ("arguments", "pause"),
    [
        ({"youngest": 0, "pages": 1}, 1),
        ({"youngest": 60, "pages": 1}, 1),
        ({"youngest": 120, "pages": 1}, 2),
        ({"youngest": 6000, "pages": 1}, 10),
        ({"youngest": 0, "pages": 4}, 1),
        ({"youngest": 0, "pages": 6}, 1.5),
        ({"youngest": 0, "pages": 50}, 1.6),
        ({"youngest": 0, "pages": 100}, 3),
        ({"youngest": 0, "pages": 1, "events_flow": True}, 10),
        ({"youngest": 600, "pages": 1, "events_flow": True}, 30),
        ({"youngest": 9999, "pages": 1, "events_flow": True}, 60),
        ({"youngest": 0, "pages": 1, "failures": 1}, 1.5),
        ({"youngest": 0, "pages": 1, "failures": 9}, 10),
    ],
)
def test_the_pause_of_lists(arguments: dict[str, Any], pause: float) -> None:
    assert seconds_before_list(POLICY, jitter=0.5, **arguments) == pytest.approx(pause)


def test_a_list_that_asks_for_a_pause_gets_it() -> None:
    failure = errors.RateLimitedError("m", status=429, retry_after=40)
    pause = seconds_before_list(POLICY, youngest=0, pages=1, jitter=0.5, failures=1, failure=failure)
    assert pause == pytest.approx(44)


@given(youngest=SECONDS, pages=st.integers(1, 10_000), jitter=JITTER, flow=st.booleans())
def test_the_pause_of_lists_is_bounded(*, youngest: float, pages: int, jitter: float, flow: bool) -> None:
    pause = seconds_before_list(POLICY, youngest=youngest, pages=pages, jitter=jitter, events_flow=flow)
    assert 0.9 * POLICY.first_delay <= pause <= 1.1 * max(60, pages * 0.03)


@given(st.floats(0, 200), JITTER)
def test_while_events_arrive_a_young_job_is_looked_at_within_15_seconds(age: float, jitter: float) -> None:
    assert seconds_before_list(POLICY, youngest=age, pages=1, jitter=jitter, events_flow=True) < 12.5
    waiting = _waiting(began_at=-age, pause=1.0, looks=1)
    assert look_at(waiting, by_lists=False, events_flow=True, apart=0, now=0) < 12.5


@given(SECONDS, JITTER)
def test_the_guard_grows_with_age(age: float, jitter: float) -> None:
    assert max(60, age) <= guard_pause(age, jitter=jitter) <= 2 * max(60, age)


@pytest.mark.parametrize(
    ("told_at", "is_alone", "lately"),
    [(0.0, False, False), (9.0, False, True), (4.0, False, False), (9.0, True, False)],
)
def test_who_was_told_lately_needs_no_last_look(told_at: float, *, is_alone: bool, lately: bool) -> None:
    waiting = _waiting(rested_at=0.0, told_at=told_at, is_alone=is_alone)
    assert was_told_lately(waiting, now=10.0) is lately


def test_the_latest_event_of_a_job_is_remembered_whichever_came_last() -> None:
    recent = RecentEvents()
    for seconds in (2, 3, 1):
        recent.add(_event(seconds, "model"))
    assert recent.of("extraction", "j") == _event(3, "model")
    assert recent.of("run", "j") is None


def test_few_outputs_and_many_ends_are_remembered() -> None:
    recent = RecentEvents()
    for number in range(6000):
        recent.add(_event(0, "model", str(number)))
    kept = [recent.of("extraction", str(number)) for number in range(6000)]
    assert [event is not None for event in kept] == [False] * 900 + [True] * 5100
    assert [event.model for event in kept if event] == [None] * 5000 + ["model"] * 100
    recent.add(_event(1, "again", "1000"))
    assert recent.of("extraction", "1000") == _event(1, "again", "1000")
