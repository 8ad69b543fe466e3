"""What answers teach about a quota: the tables, and the laws that hold whatever comes."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plextera_async import errors
from plextera_async._generated import operations
from plextera_async._sansio.message import Request
from plextera_async._sansio.pacing import (
    KEPT,
    Flight,
    Rate,
    Told,
    answered,
    is_due,
    kind_of,
    paused,
    per_second,
    refused,
    sent,
    told,
    took_late,
)


class Form:
    content_type = "multipart/form-data; boundary=b"
    can_be_sent = True


class Json(Form):
    content_type = "application/json"


@pytest.mark.parametrize(
    ("operation", "body", "kind"),
    [
        (operations.GET_EXTRACTION, None, "reads"),
        (operations.LIST_RUNS, None, "reads"),
        (operations.DOWNLOAD_FILE, None, "reads"),
        (operations.UPLOAD_FILE, Form(), "uploads"),
        (operations.UPLOAD_EXTRACTION, Form(), "uploads"),
        (operations.START_RUN, Form(), "uploads"),
        (operations.START_RUN, Json(), "creates"),
        (operations.START_RUN, None, "creates"),
        (operations.CREATE_EXTRACTION, Json(), "creates"),
        (operations.UPDATE_EVENT_SUBSCRIPTION, Json(), "creates"),
        (operations.DELETE_EVENT_SUBSCRIPTION, None, "creates"),
    ],
)
def test_whose_pace_a_request_keeps(operation: Any, body: Any, kind: str):
    assert kind_of(Request(operation=operation, path="/x", body=body)) == kind


def _api(status: int, retry_after: float | None = None) -> errors.APIError:
    return errors.APIError(status=status, retry_after=retry_after)


@pytest.mark.parametrize(
    ("outcome", "says"),
    [
        (object(), (Told.TAKEN, 0.0)),
        (errors.DecodeError([]), (Told.TAKEN, 0.0)),
        (_api(404), (Told.TAKEN, 0.0)),
        (_api(409, 5), (Told.TAKEN, 0.0)),
        (_api(500), (Told.FAILED, 0.0)),
        (_api(500, 5), (Told.FAILED, 0.0)),
        (_api(503), (Told.FAILED, 0.0)),
        (_api(503, 0), (Told.FAILED, 0.0)),
        (_api(503, 5), (Told.REFUSED, 5)),
        (_api(503, 61), (Told.FAILED, 0.0)),
        (_api(429), (Told.REFUSED, 0.0)),
        (_api(429, 0), (Told.REFUSED, 0.0)),
        (_api(429, 0.5), (Told.REFUSED, 0.5)),
        (_api(429, 60), (Told.REFUSED, 60)),
        (_api(429, 61), (Told.FAILED, 0.0)),  # raised at once, and nobody waits for it
        (errors.ConnectError("refused"), (Told.NOTHING, 0.0)),
        (errors.RequestTimeoutError("silent"), (Told.NOTHING, 0.0)),
    ],
)
def test_what_the_end_of_an_attempt_says(outcome: object, says: tuple[Told, float]):
    assert told(outcome, longest=60.0) == says


# The rate


def _rate(base: float = 100.0, **changes: Any) -> Rate:
    return Rate(**{"base": base, "hold": 5.0, "pause": 1.0, "resumes_at": 0.0, "next_at": 0.0, **changes})


def _evenly(per_second: float, begin: float, end: float) -> list[float]:
    return [begin + n / per_second for n in range(1, round((end - begin) * per_second) + 1)]


def test_a_rate_is_held_then_raised_gently_then_boldly():
    def rises(**changes: Any) -> list[float]:
        return [per_second(_rate(age=5.0 + second, **changes)) / 100 for second in (-5, 0, 1, 3, 7)]

    held, at_first, soon, later, at_last = rises()
    assert held == at_first == 1
    assert 1 < soon < 1.05
    assert 1.05 < later < 1.2
    assert at_last > 3
    unsure = rises(sure=0.25)
    assert unsure[:2] == [1, 1]
    assert unsure[3] > later
    assert rises(searching=True)[2] > soon


def test_the_first_refusal_leaves_what_was_taken_in_a_second():
    rate = refused(None, 10.0, pause=3.0, taken=[1.0, 8.9, *_evenly(40, 9.0, 10.0)])

    assert rate.searching
    assert per_second(rate) == 40
    assert (rate.resumes_at, rate.next_at) == (13.0, 13.0)
    assert per_second(took_late(rate)) == 41  # an answer that was under way
    assert took_late(_rate()) == _rate()


@pytest.mark.parametrize(
    ("known", "quota", "least", "most"),
    [
        # from 0 to the refusal at 10 the server took its quota, and a burst of a fifth of a second
        (_rate(100, age=2.0), 60, 0.9, 1.0),  # refused while it was held: too high
        (_rate(95, age=9.0), 100, 0.95, 1.05),  # after a gentle rise
        (_rate(50, age=13.0), 200, 0.85, 1.05),  # after a bold one
        (_rate(50, age=4.0, searching=True, hold=0.0), 300, 0.85, 1.05),
    ],
)
def test_a_later_refusal_leaves_about_what_the_server_took(
    known: Rate, quota: float, least: float, most: float
):
    taken = sorted([*_evenly(quota, 0.0, 10.0), *_evenly(1000, 9.5, 9.5 + quota / 5000)])
    rate = refused(known, 10.0, pause=1.0, taken=taken)

    assert least * quota <= per_second(rate) <= most * quota
    assert per_second(rate) < per_second(known)
    assert not rate.searching


def test_what_held_for_long_is_not_given_up_for_a_rise_that_failed():
    rate = refused(_rate(100, age=8.0), 10.0, pause=1.0, taken=_evenly(70, 0.0, 10.0))

    assert rate.base == 100


def test_one_refusal_cuts_a_rate_by_three_fifths_at_most():
    assert refused(_rate(100, age=1.0), 10.0, pause=1.0, taken=[9.9]).base == 40


@pytest.mark.parametrize(("pause", "hold"), [(0.0, 2.0), (0.1, 2.0), (1.0, 7.0), (3.0, 21.0), (60.0, 120.0)])
def test_the_longer_the_pauses_the_rarer_the_probes(pause: float, hold: float):
    taken = _evenly(100, 0.0, 20.0)

    assert refused(_rate(age=9.0), 20.0, pause=pause, taken=taken).hold == hold


def test_while_the_quota_is_used_up_the_pauses_grow_and_the_rate_stays():
    rate = _rate(resumes_at=10.0, pause=0.25)
    seen: list[float] = []
    for _ in range(5):
        rate = refused(rate, rate.resumes_at + 0.01, pause=0.0, taken=[9.9])
        seen.append(rate.pause)

    assert seen == [0.5, 1.0, 2.0, 2.0, 2.0]
    assert rate.base == 100
    assert refused(rate, 50.0, pause=7.0, taken=[9.9]).pause == 7.0
    assert refused(rate, 50.0, pause=0.0, taken=[]).base == 100


def test_only_as_many_answers_are_counted_as_are_kept():
    taken = _evenly(5000, 0.0, 10.0)[-KEPT:]

    assert refused(None, 10.0, pause=1.0, taken=taken).base == pytest.approx(5000, rel=0.01)


def test_a_late_timer_is_made_up_for_and_quiet_is_not():
    rate = _rate(next_at=10.0)
    for _ in range(3):
        assert is_due(rate, 10.025)
        rate = sent(rate, 10.025, crowded=True)
    assert not is_due(rate, 10.025)
    assert rate.age == pytest.approx(0.03)

    assert sent(rate, 10.03, crowded=False).age == rate.age
    later = sent(rate, 60.0, crowded=True)  # those who wait do so for something else
    assert later.age == rate.age
    assert later.next_at == pytest.approx(60.0 - 0.05 + 0.01)


moments = st.floats(0, 1e6)
pauses = st.floats(0, 100)
rates = st.builds(
    Rate,
    base=st.floats(0.5, 1e5),
    hold=st.floats(0, 120),
    sure=st.floats(0, 1),
    searching=st.booleans(),
    age=st.floats(0, 1000),
    pause=st.floats(0.25, 60),
    resumes_at=moments,
    next_at=moments,
)


@given(rate=st.none() | rates, now=moments, pause=pauses, taken=st.lists(moments, max_size=50).map(sorted))
def test_after_a_refusal_nothing_leaves_before_the_time_that_was_named(
    *, rate: Rate | None, now: float, pause: float, taken: list[float]
):
    after = refused(rate, now, pause=pause, taken=taken)

    assert after.next_at >= now + pause
    assert not is_due(after, now + pause - 1e-3)
    assert after.base >= 0.5
    assert rate is None or per_second(after) <= max(0.5, per_second(rate))


@given(rate=rates, now=moments, pause=pauses)
def test_a_pause_only_grows(*, rate: Rate, now: float, pause: float):
    after = paused(rate, now, pause)

    assert after.next_at >= max(rate.next_at, now + pause)
    assert after.resumes_at >= max(rate.resumes_at, now + pause)
    assert per_second(after) == per_second(rate)


@given(
    base=st.floats(1, 1000),
    steps=st.lists(st.floats(0, 0.5), min_size=1, max_size=200),
)
def test_no_more_leave_than_the_rate_and_one_catching_up_allow(base: float, steps: list[float]):
    rate, now, left = _rate(base, hold=1e6), 0.0, 0
    for step in steps:
        now += step
        while is_due(rate, now):
            rate, left = sent(rate, now, crowded=True), left + 1

    assert left <= base * (now + 0.05) + 1.01


@given(base=st.floats(1, 1000), late=st.lists(st.floats(0, 0.04), min_size=1, max_size=200))
def test_no_moment_is_lost_to_timers_that_are_a_little_late(base: float, late: list[float]):
    rate, now = _rate(base, hold=1e6), 0.0
    for delay in late:
        now = max(now, rate.next_at + delay)
        rate = sent(rate, now, crowded=True)

    assert rate.next_at == pytest.approx(len(late) / base)


# The number in flight


def _rounds(flight: Flight, *rounds: float) -> list[int]:
    """Give the room after each round with such a share of failures."""
    rooms: list[int] = []
    for share in rounds:
        room = flight.room
        failures = round(room * share)
        for n in range(room):
            flight = answered(flight, failed=n < failures)
        rooms.append(flight.room)
    return rooms


@pytest.mark.parametrize(
    ("most", "limit", "rounds", "rooms"),
    [
        (100, 100.0, (0,) * 3, [100, 100, 100]),
        (100, 100.0, (0.05,) * 3, [100, 100, 100]),  # documents that fail whatever is done
        (100, 100.0, (0.06,), [70]),
        (100, 100.0, (1,) * 12, [70, 49, 34, 24, 16, 11, 8, 5, 4, 2, 1, 1]),
        (100, 50.0, (0,) * 3, [51, 52, 53]),
        (100, 1.0, (0,) * 3, [2, 3, 4]),
        (3, 3.0, (0.34, 0, 0, 0), [2, 3, 3, 3]),
        (1, 1.0, (1, 0), [1, 1]),
    ],
)
def test_one_more_after_a_good_round_and_a_third_fewer_after_a_bad_one(
    most: int, limit: float, rounds: tuple[float, ...], rooms: list[int]
):
    assert _rounds(Flight(most, limit), *rounds) == rooms


@pytest.mark.parametrize(
    ("most", "rounds", "rooms"),
    [
        (2000, (0, 0, 0), [1050, 2000, 2000]),
        (1000, (0, 0), [1000, 1000]),
        (2000, (0.04, 0.04), [1050, 2000]),
        (2000, (0, 0.06, 0, 0), [1050, 735, 736, 737]),  # from the first bad round on, step by step
        (1000, (0.06, 0), [105, 106]),
        (100, (0,), [100]),
        (7, (0.5, 0, 0), [4, 5, 6]),
    ],
)
def test_a_kind_begins_without_a_crowd_and_takes_seven_times_as_many_while_all_is_well(
    most: int, rounds: tuple[float, ...], rooms: list[int]
):
    first = Flight.first(most)

    assert first.room == min(most, 150)
    assert _rounds(first, *rounds) == rooms


def test_success_at_the_limit_changes_nothing():
    flight = Flight(100, 100.0)

    assert answered(flight, failed=False) is flight


@given(most=st.integers(1, 500), failures=st.lists(st.booleans(), max_size=2000))
def test_the_number_in_flight_keeps_its_bounds(most: int, failures: list[bool]):
    flight = Flight.first(most)
    for failed in failures:
        flight = answered(flight, failed=failed)
        assert 1 <= flight.room <= most
