"""Lists that are not what they should be: no wait hangs for it, and none costs much more than single looks."""

from collections.abc import Callable
from itertools import count
from typing import Any

import pytest

from tests.support.pretend_api import Life, PretendApi, all_ended, durations, failure, run


def _refuse(name: str, value: object, status: int) -> Callable[[PretendApi], None]:
    def set_up(api: PretendApi) -> None:
        def check(query: Any, lives: list[Life]) -> list[Life]:
            if query.get(name) == value or value is any:
                raise failure(status)
            return lives

        api.on_list = check

    return set_up


def _on_list(change: Callable[[list[Life]], list[Life]]) -> Callable[[PretendApi], None]:
    def set_up(api: PretendApi) -> None:
        api.on_list = lambda _, lives: change(lives)

    return set_up


def _never(api: PretendApi) -> None:
    api.unlisted = {f"job-{number}" for number in range(1000)}


def _some(api: PretendApi) -> None:
    api.unlisted = {f"job-{number}" for number in range(0, 1000, 3)}


def _endless(api: PretendApi) -> None:
    numbers = count()

    def more(query: Any, _: list[Life]) -> list[Life]:
        others = [Life(f"other-{next(numbers)}", api.now, api.now, api.now + 9) for _ in range(100)]
        return [others[0]] * query["page"] * query["size"] + others

    api.shows_info = False
    api.on_list = more


def _same_page(api: PretendApi) -> None:
    api.shows_info = False
    api.on_list = lambda query, lives: lives[:0] * query["page"] + lives[:1] * 100 * (query["page"] + 1)


def _frozen(api: PretendApi) -> None:
    real = api.show
    api.show = lambda life, now, **how: real(life, life.begins if how.get("item") else now, **how)  # type: ignore[method-assign]


def _shifting(api: PretendApi) -> None:
    """Leave out the items around each seam, other ones each time."""
    turns = count()

    def shift(query: Any, lives: list[Life]) -> list[Life]:
        out = next(turns) % 7 * 5
        return [life for place, life in enumerate(lives) if not out <= place % 40 < out + 6]

    api.on_list = shift


def _outage(api: PretendApi) -> None:
    def fail(_: Any, lives: list[Life]) -> list[Life]:
        if 1003 < api.now < 1200:
            raise failure(500)
        return lives

    api.on_list = fail


ODDITIES: dict[str, tuple[Callable[[PretendApi], object], float, float]] = {
    # name: set up, seconds that the slowest wait may be late, requests for each job
    "sort ignored": (lambda api: setattr(api, "sorts", False), 8, 3),
    "no times": (lambda api: setattr(api, "shows_time", False), 8, 3),
    "no page info": (lambda api: setattr(api, "shows_info", False), 8, 3),
    "filter ignored": (lambda api: setattr(api, "filters", False), 8, 3),
    "neither": (lambda api: (setattr(api, "filters", False), setattr(api, "sorts", False)), 8, 3),
    "sort refused": (_refuse("sortBy", "updatedAt", 400), 8, 3),
    "QUEUED refused": (_refuse("status", "QUEUED", 400), 8, 4),
    "lists refused": (_refuse("size", any, 400), 14, 10),
    "lists unknown": (_refuse("size", any, 404), 14, 10),
    "lists fail": (_refuse("size", any, 500), 14, 10),
    "lists fail for minutes": (_outage, 14, 10),
    "lists are told to wait": (_refuse("size", any, 429), 14, 10),
    "never listed": (_never, 14, 10),
    "some never listed": (_some, 14, 6),
    "empty": (_on_list(lambda _: []), 14, 10),
    "endless": (_endless, 14, 12),
    "one page for ever": (_same_page, 14, 12),
    "the oldest first": (_on_list(lambda lives: lives[::-1]), 8, 3),
    "old news": (_frozen, 250, 4),
    "shifting": (_shifting, 14, 6),
}


@pytest.mark.parametrize("kind", ["extraction", "run", "job"])
@pytest.mark.parametrize("oddity", ODDITIES.values(), ids=ODDITIES.keys())
def test_no_list_keeps_a_wait_from_ending(
    kind: str, oddity: tuple[Callable[[PretendApi], object], float, float]
) -> None:
    set_up, latest, most = oddity

    async def main() -> None:
        api = PretendApi(kind)
        set_up(api)
        lengths = durations(150)
        late = await all_ended(api, lengths)

        assert late[-1] <= latest
        assert api.requests.total() <= len(lengths) * most

    run(main())


def test_a_list_that_lags_costs_little() -> None:
    async def main() -> None:
        api = PretendApi()
        api.list_lag = 3.0
        late = await all_ended(api, durations(150))

        assert late[-1] <= 14
        assert api.requests["get"] <= 150 * 4

    run(main())
