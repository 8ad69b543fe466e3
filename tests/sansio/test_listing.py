"""What a look at lists reads, and what it tells of each job."""

import math
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from plextera_async import errors, models
from plextera_async._sansio.listing import Ask, Page, Scan, Verdict, Way, verdict
from plextera_async._sansio.lists import WAYS, Lists
from plextera_async._sansio.waiting import Waiting

START = datetime(2026, 1, 1, tzinfo=UTC)
RUNS, ENDED, UNCHANGED, MISSING, UNTOLD = (
    Verdict.RUNS,
    Verdict.HAS_ENDED,
    Verdict.UNCHANGED,
    Verdict.MISSING,
    Verdict.UNTOLD,
)


def at(second: float) -> datetime:
    return START + timedelta(seconds=second)


def item(number: int, changed: float | None, *, made: float = 0, status: str = "PROCESSING") -> Any:
    changed_at = None if changed is None else at(changed)
    return models.Extraction(id=f"j{number}", status=status, created_at=at(made), updated_at=changed_at)


def waiting(number: int, known: float | None = 0, **changes: Any) -> Waiting:
    values = {"began_at": 0.0, "deadline": math.inf, "known": None if known is None else at(known), **changes}
    return Waiting(id=f"j{number}", **values)


def read(
    scan: Scan, items: Sequence[Any] | Callable[[Any], Sequence[Any]], *, told: bool = True
) -> list[tuple[Any, int]]:
    """Let a scan read a list; give what it asked for."""
    asked: list[tuple[Any, int]] = []
    while scan.asks:
        pages: list[Page] = []
        for ask in scan.asks:
            asked.append((ask.status, ask.page))
            whole = items(ask.status) if callable(items) else items
            total = -(-len(whole) // 100)
            pages.append(Page(whole[ask.page * 100 : ask.page * 100 + 100], total if told else None))
        scan.feed(pages)
        assert len(asked) < 1000
    return asked


def by_change(wanted: Sequence[int], reach: float | None, **changes: Any) -> Scan:
    values: dict[str, Any] = {"budget": 50, **changes}
    return Scan(
        Way.BY_CHANGE,
        [None],
        wanted={f"j{number}" for number in wanted},
        reach=None if reach is None else at(reach),
        **values,
    )


LONG = [item(number, 10_000 - number, made=10_000 - number) for number in range(2000)]


@pytest.mark.parametrize(
    ("wanted", "reach", "pages"),
    [
        ([1999], 9999, 2),  # page 0 has one item too few behind
        ([1999], 9950, 2),
        ([1999], 9901, 2),
        ([1999], 9850, 3),
        ([1999], 9701, 4),
        ([1999], None, 20),  # read until it is found
        ([5], 0, 1),  # all that is wanted was shown
        ([5, 250], 0, 3),
        ([5, 5000], None, 20),  # to the end
    ],
)
def test_a_list_by_change_is_read_back_to_the_mark_and_a_page_further(
    wanted: Sequence[int], reach: float | None, pages: int
) -> None:
    scan = by_change(wanted, reach)
    assert read(scan, LONG) == [(None, page) for page in range(pages)]
    assert scan.is_complete
    assert scan.is_sorted
    assert scan.newest == at(10_000)


def test_a_first_page_that_is_as_it_was_ends_the_look() -> None:
    first = by_change([1999], 9999)
    read(first, LONG)
    again = by_change([1999], 9999, head=first.head)
    assert len(read(again, LONG)) == 1
    assert again.is_complete
    changed = by_change([1999], 9999, head=first.head)
    assert len(read(changed, [attrs.evolve(LONG[0], updated_at=at(10_001)), *LONG[1:]])) == 2


def test_no_look_costs_more_than_single_looks_would() -> None:
    scan = by_change([1900], None, budget=7)
    assert len(read(scan, LONG)) == 7
    assert scan.is_spent
    assert not scan.is_complete
    by_status = Scan(Way.BY_STATUS, ["PROCESSING"], wanted={"none"}, budget=7)
    assert len(read(by_status, LONG)) == 1  # twenty pages are known to be too many
    assert by_status.is_spent


@pytest.mark.parametrize("told", [True, False])
def test_a_list_by_status_is_read_to_its_end(*, told: bool) -> None:
    scan = Scan(Way.BY_STATUS, ["QUEUED", "PROCESSING"], wanted={"none"}, budget=50)
    asked = read(scan, lambda status: LONG[:150] if status == "QUEUED" else LONG[:250], told=told)
    pages = [("QUEUED", 0), ("QUEUED", 1), ("PROCESSING", 0), ("PROCESSING", 1), ("PROCESSING", 2)]
    assert [ask for ask in asked if ask in pages] == pages
    assert len(asked) == (5 if told else 7)  # without figures, an empty page ends a list
    assert scan.is_complete


def test_pages_by_status_are_asked_for_many_at_a_time() -> None:
    scan = Scan(Way.BY_STATUS, ["PROCESSING"], wanted={"none"}, budget=100)
    sizes: list[int] = []
    while scan.asks:
        sizes.append(len(scan.asks))
        scan.feed([Page(LONG[:100], 61) for _ in scan.asks])
    assert sizes == [1, 50, 10]


@pytest.mark.parametrize("way", Way)
def test_a_list_that_shows_the_same_page_for_ever_is_left(way: Way) -> None:
    scan = Scan(way, ["PROCESSING"], wanted={"none"}, budget=50)
    for _ in range(4):
        scan.feed([Page(LONG[:100], None)])
    assert not scan.asks
    assert not scan.is_complete
    assert verdict(scan, waiting(5000), is_proven=True) is UNTOLD


@pytest.mark.parametrize(
    ("items", "is_sorted", "is_proof"),
    [
        ([], True, False),
        ([item(1, 5)], True, False),
        ([item(1, None)], False, False),
        ([item(1, 5), item(2, None)], False, False),
        ([item(1, 5), item(2, 6)], False, False),
        ([item(1, 5, made=5), item(2, 4, made=4)], True, False),  # that of creation too
        ([item(1, 5, made=4), item(2, 4, made=4)], True, False),
        ([item(number, 9 - number, made=4) for number in range(4)], True, True),
        ([item(1, 5, made=3), item(2, 4, made=4)], True, True),
        ([item(1, 5, made=3), item(2, 5, made=4)], True, False),
    ],
)
def test_an_order_is_checked_and_proven(items: Sequence[Any], *, is_sorted: bool, is_proof: bool) -> None:
    scan = by_change([99], None)
    read(scan, items)
    assert (scan.is_sorted, scan.is_proof) == (is_sorted, is_proof)


def test_an_order_that_is_torn_between_pages_is_still_one() -> None:
    scan = by_change([1999], 9000)
    scan.feed([Page(LONG[:100], 20)])
    scan.feed([Page([attrs.evolve(LONG[100], updated_at=at(20_000)), *LONG[101:200]], 20)])
    assert scan.is_sorted


def _scan(**changes: Any) -> Scan:
    scan = by_change(range(2000), 9999)
    read(scan, LONG)
    for name, value in changes.items():
        setattr(scan, name, value)
    return scan


@pytest.mark.parametrize(
    ("changes", "wait", "is_proven", "told"),
    [
        ({}, waiting(5), True, RUNS),
        ({"seen": {"j5": item(5, 3, status="COMPLETED")}}, waiting(5), True, ENDED),
        ({"seen": {"j5": item(5, 3, status="COMPLETED")}}, waiting(5, known=4), True, UNTOLD),
        ({"seen": {"j5": item(5, None, status="COMPLETED")}}, waiting(5, known=4), False, ENDED),
        ({}, waiting(1500, known=5, is_located=True), True, UNCHANGED),
        ({}, waiting(1500, known=5, is_located=True), False, MISSING),
        ({}, waiting(1500, known=5, is_located=False), True, MISSING),
        ({}, waiting(1500, known=9950, is_located=True), True, MISSING),  # it should have been there
        ({}, waiting(1500, known=None, is_located=True), True, MISSING),
        ({"oldest": None}, waiting(1500, known=5, is_located=True), True, MISSING),
        ({}, waiting(5000), True, UNTOLD),  # made while the list was read
        ({"is_complete": False}, waiting(1500, is_located=True), True, UNTOLD),
        ({"is_complete": False, "is_spent": True}, waiting(1500, is_located=True), True, MISSING),
        ({"way": Way.BY_STATUS}, waiting(1500, is_located=True), True, MISSING),
    ],
)
def test_what_a_look_tells_of_a_job(
    changes: dict[str, Any], wait: Waiting, *, is_proven: bool, told: Verdict
) -> None:
    assert verdict(_scan(**changes), wait, is_proven=is_proven) is told


@given(
    st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60), st.booleans()), min_size=1, max_size=250),
    st.integers(0, 60),
)
def test_no_change_after_the_mark_is_overlooked(jobs: list[tuple[int, int, bool]], mark: int) -> None:
    """With a list in its order, whatever changed after the mark is shown, however many share a second."""
    items = [item(number, changed, made=made) for number, (changed, made, _) in enumerate(jobs)]
    items.sort(key=lambda one: one.updated_at, reverse=True)
    scan = by_change(range(len(jobs) + 1), mark)
    read(scan, items)
    for number, (changed, _, _) in enumerate(jobs):
        if changed >= mark:
            assert f"j{number}" in scan.seen
        wait = waiting(number, known=changed, is_located=True)
        assert verdict(scan, wait, is_proven=True) in (RUNS, UNCHANGED)


@given(st.data())
def test_a_scan_ends_whatever_it_is_fed(data: st.DataObject) -> None:
    way = data.draw(st.sampled_from(Way))
    budget = data.draw(st.integers(2, 12))
    scan = Scan(way, ["QUEUED", "PROCESSING"], wanted={"j1", "j2"}, budget=budget)
    times = st.one_of(st.none(), st.integers(0, 5))
    pages = st.lists(st.builds(item, st.integers(0, 9), times), max_size=5)
    while scan.asks:
        totals = st.one_of(st.none(), st.integers(-1, 10**9))
        scan.feed([Page(data.draw(pages), data.draw(totals)) for _ in scan.asks])
    assert scan.pages <= budget + 1


# What is remembered between looks.


def _look(lists: Lists, waits: list[Waiting], items: Sequence[Any], now: float) -> tuple[Scan, list[Verdict]]:
    scan = lists.begin(waits, now=now)
    read(scan, lambda status: [one for one in items if status in (None, one.status)])
    lists.learn(scan)
    told = [verdict(scan, one, is_proven=lists.is_proven) for one in waits]
    for wait, each in zip(waits, told, strict=True):
        wait.is_located = wait.is_located or each is RUNS
    lists.end(scan, told, now=now)
    return scan, told


def test_after_the_order_is_proven_only_changes_are_read_and_now_and_then_all() -> None:
    lists = Lists(WAYS["extraction"])
    waits = [waiting(number) for number in range(1000, 2000)]
    pages = [_look(lists, waits, LONG, now)[0].pages for now in (0, 1)]
    assert pages == [20, 20]  # the order could be that of creation
    changed = [attrs.evolve(LONG[1500], updated_at=at(10_001)), *LONG[:1500], *LONG[1501:]]
    assert [_look(lists, waits, changed, now)[0].pages for now in (2, 3, 4, 65, 66)] == [20, 1, 1, 20, 1]
    _, told = _look(lists, waits, changed, 67)
    assert told.count(UNCHANGED) == 999


def test_a_new_wait_is_looked_for_where_it_was() -> None:
    lists = Lists(WAYS["extraction"])
    changed = [attrs.evolve(LONG[1500], updated_at=at(10_001)), *LONG[:1500], *LONG[1501:]]
    waits = [waiting(number, known=10_000 - number) for number in range(10)]
    for now in (0, 1):
        _look(lists, waits, changed, now)
    new = waiting(420, known=10_000 - 420)
    scan, told = _look(lists, [*waits, new], changed, 2)
    assert (scan.pages, told[-1]) == (5, RUNS)


@pytest.mark.parametrize("kind", WAYS)
def test_lists_that_tell_nothing_are_given_up_and_tried_again_later(kind: str) -> None:
    lists = Lists(WAYS[kind])
    waits = [waiting(number) for number in range(10)]
    looks = 0
    while lists.are_usable(looks):
        _look(lists, waits, [], looks)
        looks += 1
    assert looks == 3 * len(WAYS[kind])
    assert not lists.are_usable(looks + 290)
    assert lists.are_usable(looks + 300)


def test_a_list_without_its_order_is_read_by_status_from_then_on() -> None:
    lists = Lists(WAYS["extraction"])
    waits = [waiting(number) for number in range(10)]
    _look(lists, waits, LONG[::-1], 0)
    assert [ask.status for ask in lists.begin(waits, now=1).asks] == ["QUEUED"]


@pytest.mark.parametrize(
    ("known", "asked"),
    [
        (["QUEUED", "PROCESSING"], ["QUEUED", "PROCESSING"]),
        (["QUEUED"], ["QUEUED", "PROCESSING"]),
        (["PROCESSING"], ["PROCESSING"]),
        (["PROCESSING", None], ["QUEUED", "PROCESSING"]),
        (["PROCESSING", "of the future"], ["QUEUED", "PROCESSING"]),
    ],
)
def test_a_list_in_which_no_job_can_be_is_not_read(known: list[str | None], asked: list[str]) -> None:
    lists = Lists(WAYS["run"])
    waits = [waiting(number, status=known[number % len(known)]) for number in range(10)]
    assert [status for status, _ in read(lists.begin(waits, now=0), [])] == asked


def test_the_one_list_that_is_not_refused_is_read_whatever_is_known() -> None:
    lists = Lists(WAYS["run"])
    waits = [waiting(number, status="PROCESSING") for number in range(10)]
    lists.failed(errors.InvalidRequestError("m", status=400), Ask(Way.BY_STATUS, "PROCESSING", 0), now=0)
    assert [ask.status for ask in lists.begin(waits, now=0).asks] == ["QUEUED"]


def test_what_is_refused_is_not_asked_for_again() -> None:
    lists = Lists(WAYS["run"])
    refused = errors.InvalidRequestError("m", status=400)
    waits = [waiting(number) for number in range(10)]
    (ask,) = lists.begin(waits, now=0).asks
    lists.failed(refused, ask, now=0)
    assert not lists.failures
    (ask,) = lists.begin(waits, now=0).asks
    assert ask.status == "PROCESSING"
    lists.failed(refused, ask, now=0)
    assert not lists.are_usable(0)


def test_what_passes_is_counted_until_a_look_works() -> None:
    lists = Lists(WAYS["extraction"])
    waits = [waiting(number) for number in range(10)]
    failing: list[bool] = []
    for _ in range(3):
        (ask,) = lists.begin(waits, now=0).asks
        lists.failed(errors.ServerError("m", status=500), ask, now=0)
        failing.append(lists.are_failing)
    assert failing == [False, True, True]
    assert isinstance(lists.failure, errors.ServerError)
    _look(lists, waits, LONG, 1)
    assert (lists.failures, lists.failure, lists.are_failing) == (0, None, False)
