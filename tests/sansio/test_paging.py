"""Laws of walking a list whose pages shift, against lists that move between any two requests."""

import math
from collections.abc import Callable, Iterable, Sequence

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from plextera_async._sansio.paging import Seen, Walk

Move = tuple[str, int]
"""What happens, and at which position."""


@attrs.define
class MovingList:
    """A list on a server, newest first."""

    items: list[str]
    born: int = 0

    def make(self, move: Move) -> None:
        """Change."""
        name, at = move
        getattr(self, name)(at)

    def arrive(self, at: int) -> None:
        self.born += 1
        self.items.insert(min(at, len(self.items)), f"new-{self.born}")

    def leave(self, at: int) -> None:
        if self.items:
            del self.items[at % len(self.items)]

    def rise(self, at: int) -> None:
        """Move an item to the head, as an update does in a list by time of update."""
        if self.items:
            self.items.insert(0, self.items.pop(at % len(self.items)))

    def page(self, number: int, size: int) -> Seen:
        return Seen(
            ids=self.items[number * size : (number + 1) * size],
            total_items=len(self.items),
            total_pages=math.ceil(len(self.items) / size),
        )


Answer = Callable[[int], Seen]


def _walk(
    answer: Answer, *, size: int, restless: bool = False, most: int = 500
) -> tuple[Walk, list[str], list[int]]:
    walk, ids, asked = Walk(size=size, restless=restless), [], []
    while walk.page is not None:
        asked.append(walk.page)
        assert len(asked) <= most, "the walk does not end"
        seen = answer(walk.page)
        ids += [seen.ids[position] for position in walk.feed(seen)]
    return walk, ids, asked


def _list(length: int) -> MovingList:
    return MovingList([str(number) for number in range(length)])


def _moving(moves: Sequence[Iterable[Move]], world: MovingList, size: int) -> Answer:
    """Answer from a list that makes the next batch of *moves* after each answer."""
    left = iter(moves)

    def answer(page: int) -> Seen:
        seen = world.page(page, size)
        for move in next(left, ()):
            world.make(move)
        return seen

    return answer


def _still(length: int, size: int) -> Answer:
    return _moving([], _list(length), size)


@pytest.mark.parametrize(
    ("length", "requests"), [(0, 1), (1, 1), (99, 1), (100, 1), (101, 2), (200, 2), (250, 3), (1000, 10)]
)
def test_a_still_list_costs_one_request_a_page(length: int, requests: int):
    walk, ids, asked = _walk(_still(length, 100), size=100)

    assert asked == list(range(requests))
    assert ids == [str(number) for number in range(length)]
    assert not walk.drifted


@given(length=st.integers(0, 60), size=st.integers(1, 9))
def test_a_still_list_is_read_once_in_order_whatever_its_length(length: int, size: int):
    _, ids, asked = _walk(_still(length, size), size=size)

    assert ids == [str(number) for number in range(length)]
    assert asked == list(range(max(1, math.ceil(length / size))))


@given(length=st.integers(0, 60), size=st.integers(1, 9))
def test_a_restless_list_that_happens_to_be_still_has_each_page_but_the_last_read_twice(
    length: int, size: int
):
    walk, ids, asked = _walk(_still(length, size), size=size, restless=True)

    assert ids == [str(number) for number in range(length)]
    assert len(asked) == 2 * max(1, math.ceil(length / size)) - 1
    assert not walk.drifted


anywhere = st.integers(0, 80)
arrivals = st.just(("arrive", 0))
departures = st.tuples(st.just("leave"), anywhere)
entries = st.tuples(st.just("arrive"), anywhere)
rises = st.tuples(st.just("rise"), anywhere)


def _moves(kind: st.SearchStrategy[Move], *, gaps: int, batch: int) -> st.SearchStrategy[list[list[Move]]]:
    """Moves in the pauses after the first answers, with at most *gaps* of those pauses busy."""
    pauses = st.lists(st.one_of(st.just([]), st.lists(kind, max_size=batch)), max_size=20)
    return pauses.filter(lambda made: sum(map(bool, made)) <= gaps)


@given(
    length=st.integers(0, 60),
    size=st.integers(1, 9),
    moves=_moves(st.one_of(arrivals, departures), gaps=3, batch=12),
)
def test_newest_first_every_id_that_stays_comes_once_however_the_list_moves(
    length: int, size: int, moves: list[list[Move]]
):
    world = _list(length)
    there = set(world.items)

    _, ids, _ = _walk(_moving(moves, world, size), size=size)

    assert len(ids) == len(set(ids))
    assert there & set(world.items) <= set(ids)


@given(
    length=st.integers(0, 60),
    size=st.integers(1, 9),
    moves=_moves(st.one_of(arrivals, departures, entries), gaps=1, batch=12),
)
def test_a_filter_list_loses_nothing_to_items_that_enter_and_leave_it(
    length: int, size: int, moves: list[list[Move]]
):
    world = _list(length)
    there = set(world.items)

    _, ids, _ = _walk(_moving(moves, world, size), size=size, restless=True)

    assert len(ids) == len(set(ids))
    assert there & set(world.items) <= set(ids)


@given(length=st.integers(0, 60), size=st.integers(6, 12), moves=_moves(rises, gaps=3, batch=2))
def test_a_list_by_time_of_update_loses_nothing_to_fewer_items_moving_to_the_head_than_a_page_holds(
    length: int, size: int, moves: list[list[Move]]
):
    world = _list(length)

    _, ids, _ = _walk(_moving(moves, world, size), size=size, restless=True)

    assert sorted(ids) == sorted(str(number) for number in range(length))


@given(
    length=st.integers(0, 60),
    size=st.integers(1, 9),
    restless=st.booleans(),
    moves=_moves(st.one_of(arrivals, departures, entries, rises), gaps=20, batch=30),
)
def test_whatever_the_list_does_each_id_comes_at_most_once_and_the_walk_ends(
    length: int, size: int, *, restless: bool, moves: list[list[Move]]
):
    _, ids, _ = _walk(_moving(moves, _list(length), size), size=size, restless=restless, most=5_000)

    assert len(ids) == len(set(ids))


# Servers that do not keep to the contract


def _lists(*pages: Sequence[str], total_items: int | None = None, total_pages: int | None = None) -> Answer:
    """Answer with fixed pages, empty ones after the last, and figures that need not fit them."""

    def answer(page: int) -> Seen:
        ids = pages[page] if page < len(pages) else []
        return Seen(ids=ids, total_items=total_items, total_pages=total_pages)

    return answer


@pytest.mark.parametrize(
    ("total_items", "total_pages"),
    [(0, 0), (1, 1), (9, 9), (None, 9), (7, None), (-1, -1), (0, None)],
)
def test_figures_that_do_not_fit_the_items_hide_none(total_items: int | None, total_pages: int | None):
    answer = _lists(["a", "b"], ["c", "d"], ["e"], total_items=total_items, total_pages=total_pages)

    _, ids, _ = _walk(answer, size=2)

    assert ids == ["a", "b", "c", "d", "e"]


def test_a_last_page_by_number_alone_is_believed():
    _, ids, asked = _walk(_lists(["a", "b"], ["c"], total_pages=2), size=2)

    assert ids == ["a", "b", "c"]
    assert asked == [0, 1, 0]  # without a number of items a seam can hide a loss


def test_without_figures_the_list_ends_at_an_empty_page():
    _, ids, asked = _walk(_lists(["a", "b"], ["c"]), size=2)

    assert ids == ["a", "b", "c"]
    assert max(asked) == 2
    assert len(asked) == 5


def test_an_empty_page_in_the_middle_ends_the_list():
    _, ids, _ = _walk(_lists(["a", "b"], [], ["c"], total_items=3, total_pages=3), size=2)

    assert ids == ["a", "b"]


@pytest.mark.parametrize("total_pages", [3, None])
def test_pages_smaller_than_asked_for_are_all_read(total_pages: int | None):
    answer = _lists(["a", "b"], ["c", "d"], ["e"], total_items=5, total_pages=total_pages)

    _, ids, asked = _walk(answer, size=100)

    assert ids == ["a", "b", "c", "d", "e"]
    assert asked == [0, 1, 2, 3][: total_pages or 4]


def test_pages_smaller_than_asked_for_are_all_read_though_their_number_is_that_of_full_ones():
    _, ids, _ = _walk(_lists(["a", "b"], ["c", "d"], ["e"], total_items=5, total_pages=2), size=3)

    assert ids == ["a", "b", "c", "d", "e"]


@pytest.mark.parametrize("totals", [{}, {"total_items": 500, "total_pages": 5}, {"total_items": 2}])
@pytest.mark.parametrize("restless", [True, False])
def test_a_server_that_ignores_the_page_is_asked_a_few_times_only(totals: dict[str, int], *, restless: bool):
    def answer(_page: int) -> Seen:
        return Seen(ids=["a", "b"], **totals)

    walk, ids, asked = _walk(answer, size=2, restless=restless)

    assert ids == ["a", "b"]
    assert len(asked) <= 10
    assert walk.drifted


@pytest.mark.parametrize("restless", [True, False])
def test_a_server_whose_pages_go_round_is_left(*, restless: bool):
    def answer(page: int) -> Seen:
        return Seen(ids=[("a", "b", "c")[page % 3]], total_items=1_000, total_pages=1_000)

    _, ids, asked = _walk(answer, size=1, restless=restless)

    assert ids == ["a", "b", "c"]
    assert len(asked) < 50


def test_an_id_that_comes_twice_on_a_page_is_given_once():
    walk, ids, _ = _walk(_lists(["a", "a", "b"], total_items=3, total_pages=1), size=3)

    assert ids == ["a", "b"]
    assert walk.drifted


# Drift, step by step


def test_arrivals_at_the_head_cost_no_request_more():
    moves = [[("arrive", 0)] * 3]

    walk, ids, asked = _walk(_moving(moves, _list(10), 5), size=5)

    assert asked == [0, 1, 2]
    assert ids == [str(number) for number in range(10)]
    assert walk.drifted


def test_a_departure_sends_the_walk_back_over_the_seam():
    walk, ids, asked = _walk(_moving([[("leave", 0)]], _list(10), 5), size=5)

    assert asked == [0, 1, 0, 1]
    assert sorted(ids) == sorted(str(number) for number in range(10))
    assert walk.drifted


def test_many_departures_send_it_back_as_far_as_items_are_new():
    moves = [[], [], [("leave", 0)] * 12]

    _, ids, asked = _walk(_moving(moves, _list(30), 5), size=5)

    assert asked[:6] == [0, 1, 2, 3, 2, 1]
    assert sorted(ids) == sorted(str(number) for number in range(30))


def test_it_goes_back_further_while_the_page_before_begins_with_what_the_page_after_had():
    moves = [[], [("leave", 0)], [("leave", 0)]]

    _, ids, asked = _walk(_moving(moves, _list(4), 1), size=1)

    assert asked[:5] == [0, 1, 2, 1, 0]
    assert sorted(ids) == ["0", "1", "2", "3"]


def test_as_many_arrivals_as_a_page_holds_do_not_end_the_walk():
    moves = [[("arrive", 0)] * 5]

    _, ids, _ = _walk(_moving(moves, _list(20), 5), size=5)

    assert ids == [str(number) for number in range(20)]


def test_the_head_is_read_again_for_items_that_moved_there():
    moves = [[], [], [("rise", 14)]]

    _, ids, asked = _walk(_moving(moves, _list(15), 5), size=5, restless=True)

    assert "14" in ids
    assert asked[-2:] == [0, 1]


def test_a_number_of_pages_alone_does_not_end_a_full_page():
    walk = Walk(size=2)

    walk.feed(Seen(ids=["a", "b"], total_pages=1))
    assert walk.page is not None
    while walk.page is not None:
        walk.feed(Seen(ids=["a", "b"] if walk.page == 0 else ["c"], total_pages=1))

    assert walk._known == {"a", "b", "c"}
