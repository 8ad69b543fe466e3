"""Many waits at one time: how few requests they take, and that each ends, whatever lists are like."""

import asyncio
import copy
from collections.abc import Callable
from itertools import count
from typing import Any

import pytest

from plextera_async import errors, models
from plextera_async.options import PollPolicy
from tests.support.pretend_api import Life, PretendApi, durations, failure
from tests.support.virtual_time import run


async def _late(api: PretendApi, handle: Any, call: str = "wait", **arguments: Any) -> float:
    """Wait, and give how many seconds after the job's end that was over."""
    await getattr(handle, call)(**arguments)
    return api.now - api.lives[handle.id].ends


async def _all(api: PretendApi, lengths: list[float], call: str = "wait") -> list[float]:
    handles = [api.create(length) for length in lengths]
    late = await asyncio.gather(*(_late(api, handle, call) for handle in handles))
    assert not any(api.watchers._by_loop.values())
    assert all(handle.status == "COMPLETED" for handle in handles)
    return sorted(late)


@pytest.mark.parametrize("call", ["wait", "result"])
def test_many_waits_take_little_more_than_one_request_each(call: str) -> None:
    async def main() -> None:
        api = PretendApi()
        late = await _all(api, durations(300), call)

        assert api.requests["get"] <= 300 * 1.06  # each once; the last four are read as they are alone
        assert api.requests["list"] <= 220
        assert sum(late) / len(late) <= 0.8
        assert late[-10] <= 1.5

    run(main())


def test_thousands_of_waits_take_little_more_than_one_request_each() -> None:
    async def main() -> None:
        api = PretendApi()
        late = await _all(api, durations(2000))

        assert api.requests.total() <= 2000 * 1.2
        assert sum(late) / len(late) <= 0.8
        assert late[-20] <= 1.6

    run(main())


@pytest.mark.parametrize(("kind", "most"), [("run", 1.9), ("job", 1.9)])
def test_kinds_without_an_order_are_read_by_status(kind: str, most: float) -> None:
    async def main() -> None:
        api = PretendApi(kind)
        late = await _all(api, durations(300))

        assert {query["status"] for _, query in api.queries} == {"QUEUED", "PROCESSING"}
        assert api.requests["get"] <= 300 * 1.1
        assert api.requests.total() <= 300 * (most + 0.3)
        assert sum(late) / len(late) <= 1

    run(main())


def test_up_to_four_waits_read_their_jobs_singly() -> None:
    async def main() -> None:
        api = PretendApi()
        late = await _all(api, [20.0, 21.0, 22.0, 23.0])

        assert api.requests["list"] == 0
        assert [at - 1000 for at, id_ in api.gets if id_ == "job-0"] == pytest.approx(
            [1, 2.55, 4.85, 8.275, 13.3875, 21.03125]
        )
        assert max(late) < 10

    run(main())


def test_handles_from_ids_are_found_by_lists() -> None:
    async def main() -> None:
        api = PretendApi()
        for length in durations(200):
            api.create(length)
        await asyncio.sleep(15)
        handles = [api.handle(id_) for id_ in api.lives]
        await asyncio.gather(*(handle.wait() for handle in handles))

        assert api.requests["get"] <= 200 * 1.15

    run(main())


def test_an_item_that_has_the_output_needs_no_look() -> None:
    async def main() -> None:
        api = PretendApi()
        api.lists_output = True
        await _all(api, durations(50), "result")

        assert api.requests["get"] <= 20  # of the last four

    run(main())


def test_an_output_that_comes_late_is_waited_for_singly() -> None:
    async def main() -> None:
        api = PretendApi()
        handles = [api.create(10.0, output_after=12.0) for _ in range(20)]
        late = await asyncio.gather(*(_late(api, handle, "result") for handle in handles))

        assert all(12 <= each < 24 for each in late)
        assert api.requests["get"] <= 20 * 9

    run(main())


def test_failed_ends_are_errors_with_what_a_look_gives() -> None:
    async def main() -> None:
        api = PretendApi()
        handles = [api.create(5.0, end="FAILED") for _ in range(10)]
        ends = await asyncio.gather(*(handle.wait() for handle in handles), return_exceptions=True)

        assert {type(end) for end in ends} == {errors.ExtractionFailedError}
        assert all(end.error.code == "SOME_CODE" for end in ends)  # type: ignore[union-attr]
        assert api.requests["get"] == 10

    run(main())


# Lists that are not what they should be.


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
        late = await _all(api, lengths)

        assert late[-1] <= latest
        assert api.requests.total() <= len(lengths) * most

    run(main())


def test_a_list_that_lags_costs_little() -> None:
    async def main() -> None:
        api = PretendApi()
        api.list_lag = 3.0
        late = await _all(api, durations(150))

        assert late[-1] <= 14
        assert api.requests["get"] <= 150 * 4

    run(main())


# Failures.


@pytest.mark.parametrize("where", ["list", "get"])
@pytest.mark.parametrize(
    "final", [failure(401), failure(403), errors.RedirectError("elsewhere")], ids=["401", "403", "redirect"]
)
def test_what_every_look_would_meet_ends_all_waits_at_once(where: str, final: errors.PlexteraError) -> None:
    async def main() -> None:
        api = PretendApi()

        def fail(*_: Any) -> Any:
            raise copy.copy(final)

        number = 20 if where == "list" else 4
        setattr(api, f"on_{where}", fail)
        handles = [api.create(100.0 + index) for index in range(number)]
        ends = await asyncio.gather(*(handle.wait() for handle in handles), return_exceptions=True)

        assert {type(end) for end in ends} == {type(final)}
        assert len({id(end) for end in ends}) == number
        assert api.now < 1002
        assert not any(api.watchers._by_loop.values())

    run(main())


def test_a_list_that_asks_to_wait_is_obeyed() -> None:
    async def main() -> None:
        api = PretendApi()
        refused = count()

        def fail(_: Any, lives: list[Life]) -> list[Life]:
            if next(refused) == 0:
                raise failure(429, retry_after=30)
            return lives

        api.on_list = fail
        handles = [api.create(20.0) for _ in range(10)]
        await asyncio.gather(*(handle.wait() for handle in handles))

        (first, _), (second, _), *_ = api.queries
        assert second - first >= 30
        assert not [at for at, _ in api.gets if at < first + 30]

    run(main())


def test_a_failure_of_a_look_is_lived_through() -> None:
    async def main() -> None:
        api = PretendApi()
        failures = count()

        def fail(_: str) -> None:
            if next(failures) % 2 == 0:
                raise failure(503)

        api.on_get = fail
        late = await _all(api, durations(40))

        assert late[-1] <= 15
        assert api.requests["get"] <= 40 * 3

    run(main())


# Deadlines and cancellation.


def test_each_wait_has_its_own_deadline() -> None:
    async def main() -> None:
        api = PretendApi()
        handles = [api.create(1000.0) for _ in range(30)]
        began = api.now

        async def timed(handle: Any, limit: float) -> float:
            with pytest.raises(errors.WaitTimeoutError) as caught:
                await handle.wait(timeout=limit)
            assert (caught.value.id, caught.value.latest.status) == (handle.id, "PROCESSING")
            assert caught.value.last_error is None
            return api.now - began

        limits = [5.0 + index for index in range(30)]
        times = await asyncio.gather(*map(timed, handles, limits))

        assert all(limit <= time <= limit + 0.2 for limit, time in zip(limits, times, strict=True))
        assert api.requests["get"] <= 30

    run(main())


def test_past_the_deadline_the_last_failure_is_told() -> None:
    async def main() -> None:
        api = PretendApi()
        _refuse("size", any, 500)(api)
        handles = [api.create(1000.0) for _ in range(10)]
        api.on_get = lambda _: (_ for _ in ()).throw(failure(503))
        ends = await asyncio.gather(*(handle.wait(timeout=20) for handle in handles), return_exceptions=True)

        assert {type(end) for end in ends} == {errors.WaitTimeoutError}
        assert all(isinstance(end.last_error, errors.ServerError) for end in ends)  # type: ignore[union-attr]
        assert api.now <= 1020.2

    run(main())


def test_a_look_at_lists_that_hangs_holds_up_no_deadline() -> None:
    async def main() -> None:
        api = PretendApi()
        api.round_trip = 500.0
        handles = [api.create(1000.0) for _ in range(10)]
        ends = await asyncio.gather(*(handle.wait(timeout=20) for handle in handles), return_exceptions=True)

        assert {type(end) for end in ends} == {errors.WaitTimeoutError}
        assert api.now <= 1021.1

    run(main())


def test_cancelled_waits_change_nothing_for_the_others() -> None:
    async def main(*, cancels: bool) -> tuple[list[float], int]:
        api = PretendApi()
        handles = [api.create(length) for length in durations(400)]
        waits = [asyncio.ensure_future(_late(api, handle)) for handle in handles]
        await asyncio.sleep(8)
        if cancels:
            for wait in waits[::2]:
                wait.cancel()
        ends = await asyncio.gather(*waits, return_exceptions=True)
        assert not any(api.watchers._by_loop.values())
        kept = [end for end in ends[1::2] if isinstance(end, float)]
        assert len(kept) == 200
        return sorted(kept), api.requests.total()

    some, fewer = run(main(cancels=True))
    others, more = run(main(cancels=False))
    assert sum(some) / 200 <= 0.8
    assert abs(sum(some) - sum(others)) / 200 < 0.2
    assert fewer < more


def test_cancelling_all_ends_the_watcher_at_once() -> None:
    async def main() -> None:
        api = PretendApi()
        handles = [api.create(1000.0) for _ in range(30)]
        waits = [asyncio.ensure_future(handle.wait()) for handle in handles]
        for moment in (0.5, 1.02, 3.0):  # before, during and between looks at lists
            await asyncio.sleep(moment)
            for wait in waits:
                wait.cancel()
            assert all(
                isinstance(end, asyncio.CancelledError)
                for end in await asyncio.gather(*waits, return_exceptions=True)
            )
            assert not any(api.watchers._by_loop.values())
            assert asyncio.all_tasks() == {asyncio.current_task()}
            waits = [asyncio.ensure_future(handle.wait()) for handle in handles]
        for wait in waits:
            wait.cancel()
        await asyncio.gather(*waits, return_exceptions=True)

    run(main())


def test_waits_outlive_a_watcher_that_somebody_cancels() -> None:
    async def main() -> None:
        api = PretendApi()
        handles = [api.create(20.0) for _ in range(10)]
        waits = [asyncio.ensure_future(_late(api, handle)) for handle in handles]
        await asyncio.sleep(5)
        (task,) = [task for task in asyncio.all_tasks() if task.get_name() == "plextera waits"]
        task.cancel()

        assert max(await asyncio.gather(*waits)) <= 2

    run(main())


def test_a_fault_of_the_watcher_is_raised_and_not_waited_out() -> None:
    async def main() -> None:
        api = PretendApi()
        api.on_list = lambda _, __: [None]  # type: ignore[list-item]
        handles = [api.create(20.0) for _ in range(10)]
        ends = await asyncio.gather(*(handle.wait() for handle in handles), return_exceptions=True)

        assert {type(end) for end in ends} == {AttributeError}

    run(main())


def test_several_waits_on_one_job() -> None:
    async def main() -> None:
        api = PretendApi()
        handle = api.create(20.0)
        late = await asyncio.gather(*(_late(api, handle) for _ in range(10)))

        assert max(late) <= 2
        assert api.requests["get"] <= 10

    run(main())


def test_waits_that_come_and_go_around_the_limit_cost_no_more() -> None:
    async def main() -> None:
        api = PretendApi()

        async def worker(lengths: list[float]) -> None:
            for length in lengths:
                await asyncio.sleep(0.3)
                await api.create(length).wait()

        lengths = durations(100)
        await asyncio.gather(*(worker(lengths[index::5]) for index in range(5)))
        assert api.requests["get"] <= 100 * 3

    run(main())


def test_views_with_one_rhythm_share_a_watcher() -> None:
    async def main() -> None:
        api, other = PretendApi(), PretendApi(policy=PollPolicy(first_delay=2))
        other.watchers, other.lives = api.watchers, api.lives
        waits = [
            asyncio.ensure_future(one.create(20.0).wait()) for one in (api, api, other) for _ in range(5)
        ]
        await asyncio.sleep(1)
        (watchers,) = api.watchers._by_loop.values()
        assert len(watchers) == 2
        await asyncio.gather(*waits)
        assert isinstance(waits[0].result(), models.Extraction)

    run(main())
