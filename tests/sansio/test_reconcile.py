"""What look-ups prove, as tables: no list, no clock, no server."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import product

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from plextera_async._sansio.reconcile import (
    MOST_READ_SINGLY,
    Step,
    Survey,
    Verdict,
    Window,
    next_step,
    window,
)

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
TAG = "plexteraClientKey"
FOUND, ABSENT, UNKNOWN = Verdict.FOUND, Verdict.ABSENT, Verdict.UNKNOWN


@attrs.frozen
class Item:
    id: str
    created_at: datetime | None = None
    tags: Mapping[str, str] | None = None


def item(age: float | None, *, id: str = "x", **tags: str) -> Item:
    created_at = None if age is None else NOW - timedelta(seconds=age)
    return Item(
        id, created_at, {TAG if name == "key" else name: value for name, value in tags.items()} or None
    )


SEEN = item(5000, a="b")
RECENT = Window(NOW - timedelta(seconds=300), NOW - timedelta(seconds=300))


def survey(*pages: Sequence[Item], limit: Window = RECENT) -> Survey[Item]:
    made: Survey[Item] = Survey({"mine": limit})
    for page in pages:
        made.feed(page)
    return made


@pytest.mark.parametrize(
    ("verdicts", "may_send", "step"),
    [
        ([FOUND], True, Step.TAKE),
        ([FOUND], False, Step.TAKE),
        ([ABSENT], True, Step.LOOK_AGAIN),
        ([UNKNOWN], True, Step.LOOK_AGAIN),
        ([ABSENT], False, Step.LOOK_AGAIN),
        ([UNKNOWN], False, Step.LOOK_AGAIN),
        ([ABSENT, FOUND], True, Step.TAKE),
        ([UNKNOWN, FOUND], False, Step.TAKE),
        ([ABSENT, ABSENT], True, Step.SEND_AGAIN),
        ([ABSENT, ABSENT], False, Step.GIVE_UP),
        ([UNKNOWN, ABSENT], True, Step.GIVE_UP),
        ([ABSENT, UNKNOWN], True, Step.GIVE_UP),
        ([UNKNOWN, UNKNOWN], True, Step.GIVE_UP),
    ],
)
def test_what_follows(verdicts: list[Verdict], step: Step, *, may_send: bool) -> None:
    assert next_step(verdicts, may_send=may_send, shows_tags=True) is step


def test_lists_that_show_no_tags_prove_nothing() -> None:
    assert next_step([ABSENT, ABSENT], may_send=True, shows_tags=False) is Step.GIVE_UP
    assert next_step([ABSENT, FOUND], may_send=True, shows_tags=False) is Step.TAKE


def test_nothing_but_two_proofs_allows_another_send() -> None:
    for first, second, may_send, shows_tags in product(Verdict, Verdict, [True, False], [True, False]):
        step = next_step([first, second], may_send=may_send, shows_tags=shows_tags)
        assert (step is Step.SEND_AGAIN) == (first is second is ABSENT and may_send and shows_tags)


@pytest.mark.parametrize(
    ("ahead", "certain", "possible"),
    [
        (None, 300, 300),
        (0, 300, 300),
        (
            3600,
            -3300,
            300,
        ),  # the server is ahead, or tells a wrong date: what only our clock lets pass is in doubt
        (-3600, 3900, 3900),  # the server is behind
    ],
)
def test_the_window_of_a_create(ahead: float | None, certain: float, possible: float) -> None:
    told = None if ahead is None else NOW + timedelta(seconds=ahead)

    made = window(NOW, told=told, now=NOW)

    assert made == Window(NOW - timedelta(seconds=certain), NOW - timedelta(seconds=possible))


@pytest.mark.parametrize("told", [datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)])
def test_the_window_at_the_ends_of_time(told: datetime) -> None:
    assert window(NOW, told=told, now=NOW).possible is not None


ROWS: dict[str, tuple[list[list[Item]], Verdict]] = {
    "an empty list": ([[]], ABSENT),
    "something with tags, long ago": ([[SEEN]], ABSENT),
    "something with tags, now": ([[item(1, a="b")]], ABSENT),
    "the key": ([[item(1, key="mine")]], FOUND),
    "the key, on the edge": ([[item(300, key="mine")]], FOUND),
    "the key, too old": ([[item(301, key="mine")]], ABSENT),
    "the key, of unknown age": ([[item(None, key="mine")]], FOUND),
    "the key among others": ([[item(1, a="b", key="mine")]], FOUND),
    "another key": ([[item(1, key="other")]], ABSENT),
    "the key in another tag": ([[item(1, note="mine")]], ABSENT),
    "the key in capitals": ([[item(1, key="MINE")]], UNKNOWN),
    "the key with blanks": ([[item(1, key=" mine ")]], UNKNOWN),
    "the tag in lower case": ([[item(1, plexteraclientkey="mine")]], UNKNOWN),
    "the tag in lower case, another key": ([[item(1, plexteraclientkey="other")]], ABSENT),
    "the tag in lower case, too old": ([[item(301, plexteraclientkey="mine")]], ABSENT),
    "no tags": ([[item(1), SEEN]], UNKNOWN),
    "empty tags": ([[Item("x", NOW, {}), SEEN]], UNKNOWN),
    "no tags, too old": ([[item(301), SEEN]], ABSENT),
    "no tags, of unknown age": ([[item(None), SEEN]], UNKNOWN),
    "no tags at all": ([[item(1), item(400)]], UNKNOWN),
    "no tags, and all too old": ([[item(301), item(400)]], ABSENT),
    "no order": ([[item(2, a="b"), item(1, a="b"), SEEN]], UNKNOWN),
    "no order on a later page": ([[item(1, a="b"), SEEN], [item(9, a="b"), item(8, a="b")]], UNKNOWN),
    "no order, but the key": ([[item(2, key="mine"), item(1, a="b")]], FOUND),
    "equal times": ([[item(1, a="b"), item(1, a="b"), SEEN]], ABSENT),
}


@pytest.mark.parametrize(("pages", "verdict"), ROWS.values(), ids=ROWS.keys())
def test_a_pass(pages: list[list[Item]], verdict: Verdict) -> None:
    assert survey(*pages).verdict("mine") is verdict


@pytest.mark.parametrize(("one", "shows_tags"), [(SEEN, True), (item(1), False), (Item("x", NOW, {}), False)])
def test_whether_a_list_shows_tags(one: Item, *, shows_tags: bool) -> None:
    assert survey([one]).shows_tags is shows_tags
    assert survey([one], []).shows_tags is shows_tags


@pytest.mark.parametrize(("age", "verdict"), [(1, UNKNOWN), (-3400, FOUND), (301, ABSENT)])
def test_a_match_that_only_one_clock_lets_pass_is_in_doubt(age: float, verdict: Verdict) -> None:
    limit = Window(NOW + timedelta(seconds=3300), NOW - timedelta(seconds=300))
    assert survey([item(age, key="mine"), SEEN], limit=limit).verdict("mine") is verdict


def test_reading_singly() -> None:
    made = survey([item(1, id="a"), item(2, id="b"), item(3, id="c"), SEEN])
    assert [one.id for one in made.unread] == ["a", "b", "c"]

    made.feed_single(item(1, id="a", x="y"))
    made.feed_single(item(2, id="b"))
    assert made.verdict("mine") is UNKNOWN
    made.feed_single(item(3, id="c", z="z"))
    assert made.verdict("mine") is ABSENT


def test_reading_singly_finds() -> None:
    made = survey([item(1, id="a"), SEEN])
    made.feed_single(item(1, id="a", key="mine"))

    assert made.verdict("mine") is FOUND
    assert [one.id for one in made.found("mine")] == ["a"]


def test_no_more_is_kept_for_reading_singly_than_tells_that_it_is_too_much() -> None:
    made = survey([item(1, id=f"{number}") for number in range(500)])
    assert len(made.unread) == MOST_READ_SINGLY + 1


def test_what_was_created_nearest_to_the_start_is_read_singly_first() -> None:
    ages = [*range(-300, 200), None, 250.0]  # the create began at 0
    made = survey([item(age, id=f"{age}") for age in ages])

    assert [one.id for one in made.unread[:3]] in (["0", "-1", "1"], ["0", "1", "-1"])
    assert {one.id for one in made.unread} <= {f"{age}" for age in range(-51, 52)}
    assert len(made.unread) == MOST_READ_SINGLY + 1


def test_without_a_start_the_newest_are_read_singly() -> None:
    made = survey([item(age, id=f"{age}") for age in range(500)], limit=Window())
    assert [one.id for one in made.unread] == [f"{age}" for age in range(MOST_READ_SINGLY + 1)]


def page(*ages: float) -> list[Item]:
    return [item(age, a="b") for age in ages]


OVER: dict[str, tuple[list[list[Item]], bool]] = {
    "nothing": ([[]], False),
    "new ones": ([page(1, 2)], False),
    "mixed": ([page(299, 301)], False),
    "old ones after new ones": ([page(1, 2), page(301, 302)], True),
    "old ones": ([page(301, 302)], True),
    "one old one, whose order nobody knows": ([page(301)], False),
    "old ones of one time": ([page(301, 301)], False),
    "one of unknown age": ([page(1, 2), [*page(301, 302), item(None, a="b")]], False),
    "old ones in the wrong order": ([page(302, 301)], False),
    "an empty page": ([page(1, 2), []], False),
    "ten thousand in the wrong order": ([page(302, 301)] * 5000, True),
}


@pytest.mark.parametrize(("pages", "is_over"), OVER.values(), ids=OVER.keys())
def test_how_far_a_list_is_read(pages: list[list[Item]], *, is_over: bool) -> None:
    assert survey(*pages).is_over is is_over


def test_without_a_limit_the_whole_list_is_read() -> None:
    made = survey(page(1, 2), page(1e6, 1e7), [item(1e8, key="mine")], limit=Window())
    assert not made.is_over
    assert made.verdict("mine") is FOUND


def test_the_oldest_comes_first() -> None:
    made = survey(
        [item(1, id="new", key="mine"), item(2, id="old", key="mine"), item(2, id="older", key="mine")]
    )
    assert [one.id for one in made.found("mine")] == ["older", "old", "new"]


def test_without_times_the_order_of_the_list_counts() -> None:
    made = survey([item(1, id="new", key="mine"), item(None, id="old", key="mine")])
    assert [one.id for one in made.found("mine")] == ["old", "new"]


def test_several_keys_at_a_time() -> None:
    far = Window(NOW - timedelta(seconds=900), NOW - timedelta(seconds=900))
    made: Survey[Item] = Survey({"mine": RECENT, "far": far, "none": RECENT})
    made.feed([*page(1, 2), item(400, key="mine"), item(500, key="far")])
    assert not made.is_over
    made.feed(page(901, 902))
    assert made.is_over
    assert [made.verdict(key) for key in ("mine", "far", "none")] == [ABSENT, FOUND, ABSENT]


AGES = st.lists(st.integers(0, 1000), max_size=40)


@given(ages=AGES, mine=st.integers(0, 300), size=st.integers(1, 7))
def test_a_job_in_a_sorted_list_is_never_missed(ages: list[int], mine: int, size: int) -> None:
    items = sorted(
        [*page(*ages), item(mine, key="mine")], key=lambda one: one.created_at or NOW, reverse=True
    )
    made = survey()
    for start in range(0, len(items), size):
        if not made.is_over:
            made.feed(items[start : start + size])

    assert made.verdict("mine") is FOUND


@given(st.permutations([*page(*range(0, 1000, 100)), item(50, key="mine")]), st.integers(1, 5))
def test_of_what_is_there_absence_is_claimed_only_after_a_page_that_is_old_and_in_order(
    items: list[Item], size: int
) -> None:
    made, fed = survey(), list[Item]()
    for start in range(0, len(items), size):
        if not made.is_over:
            made.feed(items[start : start + size])
            fed += items[start : start + size]

    if made.verdict("mine") is ABSENT:
        times = [one.created_at for one in fed if one.created_at is not None]
        assert times == sorted(times, reverse=True)
        assert times[-1] < NOW - timedelta(seconds=300)


def test_a_page_that_is_read_again_may_bring_newer_ones() -> None:
    made = survey(page(3, 4), page(5, 6))
    made.feed(page(1, 2), goes_on=False)
    made.feed(page(7, 400))

    assert made.verdict("mine") is ABSENT
