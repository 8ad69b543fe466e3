"""How many waits end otherwise than with their jobs: by failures, deadlines and cancellation."""

import asyncio
import copy
import gc
import math
import weakref
from itertools import count
from typing import Any

import pytest

from plextera_async import errors
from plextera_async._aio.clock import Clock
from plextera_async.client.waits import Wait
from plextera_async.client.watcher import Entry, Lister, Watcher
from plextera_async.options import PollPolicy
from tests.support.pretend_api import Life, PretendApi, all_ended, durations, failure, late_by, run


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
        late = await all_ended(api, durations(40))

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

        def fail(*_: Any) -> Any:
            raise failure(503)

        api.on_list = api.on_get = fail
        handles = [api.create(1000.0) for _ in range(10)]
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
        waits = [asyncio.ensure_future(late_by(api, handle)) for handle in handles]
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
        waits = [asyncio.ensure_future(late_by(api, handle)) for handle in handles]
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


def test_nothing_is_left_of_waits_that_are_over() -> None:
    async def main() -> None:
        api = PretendApi()
        await all_ended(api, durations(30))
        waits = [asyncio.ensure_future(api.create(1000.0).wait()) for _ in range(30)]
        await asyncio.sleep(3)
        for wait in waits:
            wait.cancel()
        await asyncio.wait(waits)
        waits.clear()
        del wait
        await asyncio.sleep(0)
        gc.collect()

        assert not [each for each in gc.get_objects() if isinstance(each, Entry | Wait | Watcher)]

    gc.collect()
    run(main())


def test_a_wait_that_is_over_keeps_no_result_alive_while_others_wait() -> None:
    async def main() -> None:
        api = PretendApi()
        others = [asyncio.ensure_future(api.create(1000.0).wait()) for _ in range(10)]
        handle = api.create(5.0)
        await handle.result()
        gone = weakref.ref(handle)
        del handle
        gc.collect()

        assert gone() is None
        for other in others:
            other.cancel()
        await asyncio.wait(others)

    run(main())


def test_a_timeout_of_somebody_else_is_not_taken_for_the_end_of_a_look() -> None:
    async def main() -> None:
        api = PretendApi()

        def fail(*_: Any) -> Any:
            raise TimeoutError("of a broker")

        api.on_get = fail
        with pytest.raises(TimeoutError, match="of a broker"):
            await api.create(100.0).wait()

        assert api.now < 1010

    run(main())


@pytest.mark.skipif(not hasattr(asyncio, "eager_task_factory"), reason="tasks are never eager here")
async def test_a_loop_that_ends_does_not_silence_the_next_one() -> None:
    """With eager tasks the next loop sleeps before the one of the last wait has ended."""
    loop = asyncio.get_running_loop()
    loop.set_task_factory(asyncio.eager_task_factory)
    lister = Lister("run", lambda _: asyncio.sleep(0), PollPolicy(), Clock())
    watcher = Watcher(lister, events_flow=False)
    first, second = (
        Entry(id=id, began_at=0, deadline=math.inf, latest=lambda: None, take=lambda _: None) for id in "ab"
    )
    tasks = []

    def begin(entry: Entry) -> None:
        watcher.join(entry)
        tasks.append(loop.create_task(watcher.rest(entry, 100, looks=1, alone=False)))

    begin(first)
    tasks[0].cancel()
    await asyncio.wait(tasks)
    loop.call_soon(begin, second)
    await watcher.leave(first)

    assert watcher._alarm is not None

    tasks[1].cancel()
    await asyncio.wait(tasks)
    await watcher.leave(second)
