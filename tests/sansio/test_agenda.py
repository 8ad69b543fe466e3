"""Which waits are due, when; and that those which are over are forgotten."""

import math
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plextera_async import errors, models
from plextera_async._sansio.agenda import Agenda
from plextera_async._sansio.events import JobEvent
from plextera_async._sansio.listing import Page, Scan
from plextera_async._sansio.lists import WAYS
from plextera_async._sansio.waiting import Waiting
from plextera_async._sansio.watching import Worth
from plextera_async.options import PollPolicy

START = datetime(2026, 1, 1, tzinfo=UTC)


def wait(number: int, deadline: float = math.inf, **changes: Any) -> Waiting:
    given = {"began_at": 0.0, "known": START, "looks": 1, **changes}
    return Waiting(id=f"j{number}", deadline=deadline, **given)


def agenda(
    number: int, *, kind: str = "extraction", deadline: float = math.inf
) -> tuple[Agenda[Waiting], list[Waiting]]:
    """Make an agenda with so many waits that rest since 0, a second before their first look."""
    made: Agenda[Waiting] = Agenda(PollPolicy(), WAYS[kind])
    waits = [wait(each, deadline) for each in range(number)]
    for each in waits:
        made.open(each, now=0)
        made.rest(each, pause=1.0, now=0, jitter=0.5)
    return made, waits


def event(number: int, seconds: float = 1) -> JobEvent:
    return JobEvent(
        kind="extraction", id=f"j{number}", occurred_at=START + timedelta(seconds=seconds), model=None
    )


def look(made: Agenda[Waiting], items: list[Any], now: float) -> Scan:
    scan = made.begin_look(now)
    while scan.asks:
        scan.feed([Page(items if ask.page == 0 else [], 1) for ask in scan.asks])
    made.end_look(scan, began_at=now, now=now, jitter=0.5)
    return scan


def fail_lists(made: Agenda[Waiting], at: tuple[float, ...]) -> None:
    for now in at:
        scan = made.begin_look(now)
        made.fail_look(errors.ServerError("m", status=500), scan.asks[0], now=now)
        made.end_look(scan, began_at=now, now=now, jitter=0.5)


def running(number: int, seconds: float = 0) -> Any:
    changed = START + timedelta(seconds=seconds)
    return models.Extraction(id=f"j{number}", status="PROCESSING", created_at=START, updated_at=changed)


@pytest.mark.parametrize(("number", "by_lists"), [(1, False), (4, False), (5, True), (50, True)])
def test_more_than_four_waits_are_told_by_lists(number: int, *, by_lists: bool) -> None:
    made, waits = agenda(number)
    assert (len(made), made.by_lists) == (number, by_lists)
    assert made.next_moment(is_looking=False) == 1
    assert made.next_moment(is_looking=True) == (90 if by_lists else 1)
    assert made.are_lists_due(1) is by_lists
    assert len(list(made.pop_due(1))) == (0 if by_lists else number)
    for each in waits[4:]:
        made.close(each, None, now=1, jitter=0.5)
    assert not made.by_lists


def test_a_wait_that_leaves_makes_the_others_read_singly_again() -> None:
    made, waits = agenda(5)
    look(made, [running(number) for number in range(5)], 3)
    made.close(waits[0], None, now=3.5, jitter=0.5)
    assert not made.by_lists
    assert made.next_moment(is_looking=False) == 4  # a second after the list told of them


def test_a_deadline_is_kept_and_says_whether_a_look_would_bring_anything() -> None:
    made, waits = agenda(6, deadline=10)
    assert [is_up for _, is_up in made.pop_due(10)] == [False] * 6  # no list has told of them
    for each in waits:
        made.rest(each, pause=1.0, now=5, jitter=0.5)
    look(made, [running(number) for number in range(6)], 9)
    assert [is_up for _, is_up in made.pop_due(10)] == [True] * 6


def test_the_output_of_an_end_that_was_told_is_read_at_the_waits_own_pace() -> None:
    made, waits = agenda(6)
    ended = models.Extraction(
        id="j0", status="COMPLETED", created_at=START, updated_at=START + timedelta(seconds=1)
    )
    assert made.take_page([ended]) == [(waits[0], ended)]
    made.rouse(waits[0])
    made.rest(waits[0], pause=1.5, now=2, jitter=0.5)
    assert made.take_page([ended]) == []
    assert made.next_moment(is_looking=True) == 3.5


def test_old_news_of_a_list_are_none() -> None:
    made, waits = agenda(6)
    waits[0].known = START + timedelta(seconds=5)
    old = models.Extraction(id="j0", status="COMPLETED", updated_at=START + timedelta(seconds=4))
    assert made.take_page([old, running(99)]) == []


def test_failing_lists_leave_all_to_single_looks_and_a_working_one_takes_them_back() -> None:
    made, waits = agenda(6)
    fail_lists(made, at=(1, 3))
    assert all(each.is_alone for each in waits)
    assert isinstance(made.failure, errors.ServerError)
    assert len(list(made.pop_due(3))) == 6
    for each in waits:
        made.rest(each, pause=1.5, now=3, jitter=0.5)
    look(made, [running(number) for number in range(6)], 6)
    assert not any(each.is_alone for each in waits)
    assert made.failure is None


def test_a_wait_that_comes_while_lists_fail_is_read_at_its_own_pace() -> None:
    """The next look at lists may be ten seconds away, and would tell nothing again."""
    made, _ = agenda(6)
    fail_lists(made, at=(1, 3))
    late = wait(6, began_at=4.0)
    made.open(late, now=4)
    made.rest(late, pause=1.0, now=4, jitter=0.5)

    assert 5 <= late.due <= 6
    assert made.are_lists_due(15)


@pytest.mark.parametrize("number", [1, 6])
def test_events_make_looks_rare_until_one_is_missed(number: int) -> None:
    made, waits = agenda(number + 1)
    assert made.hear(waits[-1], event(number), now=0.5, jitter=0.5) is Worth.BELIEF
    assert made.events_flow
    done = models.Extraction(id=f"j{number}", status="COMPLETED", completed_at=START)
    made.close(waits[-1], done, now=0.5, jitter=0.5)
    assert made.events_flow
    assert 9 < made.next_moment(is_looking=False) <= 10.5
    made.close(waits[0], done, now=1, jitter=0.5)
    assert not made.events_flow
    assert made.next_moment(is_looking=False) <= 2.5 or number == 1


def test_an_end_without_an_event_is_none_that_was_missed() -> None:
    made: Agenda[Waiting] = Agenda(PollPolicy(), WAYS["run"])
    waits = [wait(each) for each in range(2)]
    for each in waits:
        made.open(each, now=0)
        made.rest(each, pause=1.0, now=0, jitter=0.5)
    made.hear(waits[0], event(0), now=0, jitter=0.5)
    made.close(waits[1], models.WorkflowRun(id="j1", status="CLOSED"), now=1, jitter=0.5)
    assert made.events_flow


def test_an_old_event_changes_nothing() -> None:
    made, waits = agenda(1)
    assert made.hear(waits[0], event(0, -1), now=0, jitter=0.5) is Worth.NOTHING
    assert not made.events_flow
    assert not waits[0].was_heard


def test_waits_that_are_over_are_forgotten() -> None:
    made, waits = agenda(1000)
    for each in waits[10:]:
        made.close(each, None, now=1, jitter=0.5)
    assert len(made._heap) < 100
    for each in waits[:10]:
        made.close(each, None, now=1, jitter=0.5)
    assert (len(made), list(made), made.next_moment(is_looking=False)) == (0, [], math.inf)


@given(st.data())
def test_every_resting_wait_is_told_by_its_deadline(data: st.DataObject) -> None:
    """Whatever waits, events and looks at lists do, nobody rests past his deadline, and time always goes on."""
    made: Agenda[Waiting] = Agenda(PollPolicy(), WAYS[data.draw(st.sampled_from(sorted(WAYS)))])
    now, waits = 0.0, []
    for number in range(data.draw(st.integers(1, 12))):
        waits.append(wait(number, data.draw(st.floats(1, 300))))
        made.open(waits[-1], now=now)
        made.rest(waits[-1], pause=1.0, now=now, jitter=0.5)
    while waits:
        moment = made.next_moment(is_looking=False)
        assert now <= moment < math.inf
        now = moment
        if made.are_lists_due(now):
            shown = data.draw(st.lists(st.sampled_from([*range(12)]), max_size=4))
            look(made, [running(number) for number in shown], now)
            assert made.next_moment(is_looking=False) > now or not made.are_lists_due(now) or made.by_lists
        for each, is_up in list(made.pop_due(now)):
            assert now <= each.deadline
            if is_up or now >= each.deadline or data.draw(st.booleans()):
                made.close(each, None, now=now, jitter=0.5)
                waits.remove(each)
            else:
                if data.draw(st.booleans()):
                    made.hear(each, event(0), now=now, jitter=0.5)
                made.rest(each, pause=data.draw(st.floats(0.5, 10)), now=now, jitter=0.5)
    assert len(made) == 0
