"""Many waits at one time: how few requests they take, and that each ends, whatever lists are like."""

import asyncio

import pytest

from plextera_async import errors, models
from plextera_async.options import PollPolicy
from tests.support.pretend_api import PretendApi, all_ended, durations, late_by, run


@pytest.mark.parametrize("call", ["wait", "result"])
def test_many_waits_take_little_more_than_one_request_each(call: str) -> None:
    async def main() -> None:
        api = PretendApi()
        late = await all_ended(api, durations(300), call)

        assert api.requests["get"] <= 300 * 1.06  # each once; the last four are read as they are alone
        assert api.requests["list"] <= 220
        assert sum(late) / len(late) <= 0.8
        assert late[-10] <= 1.5

    run(main())


def test_thousands_of_waits_take_little_more_than_one_request_each() -> None:
    async def main() -> None:
        api = PretendApi()
        late = await all_ended(api, durations(2000))

        assert api.requests.total() <= 2000 * 1.2
        assert sum(late) / len(late) <= 0.8
        assert late[-20] <= 1.6

    run(main())


@pytest.mark.parametrize(("kind", "most"), [("run", 1.9), ("job", 1.9)])
def test_kinds_without_an_order_are_read_by_status(kind: str, most: float) -> None:
    async def main() -> None:
        api = PretendApi(kind)
        late = await all_ended(api, durations(300))

        assert {query["status"] for _, query in api.queries} == {"QUEUED", "PROCESSING"}
        assert api.requests["get"] <= 300 * 1.1
        assert api.requests.total() <= 300 * (most + 0.3)
        assert sum(late) / len(late) <= 1

    run(main())


def test_up_to_four_waits_read_their_jobs_singly() -> None:
    async def main() -> None:
        api = PretendApi()
        late = await all_ended(api, [20.0, 21.0, 22.0, 23.0])

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
        await all_ended(api, durations(50), "result")

        assert api.requests["get"] <= 20  # of the last four

    run(main())


def test_an_output_that_comes_late_is_waited_for_singly() -> None:
    async def main() -> None:
        api = PretendApi()
        handles = [api.create(10.0, output_after=12.0) for _ in range(20)]
        late = await asyncio.gather(*(late_by(api, handle, "result") for handle in handles))

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


def test_several_waits_on_one_job() -> None:
    async def main() -> None:
        api = PretendApi()
        handle = api.create(20.0)
        late = await asyncio.gather(*(late_by(api, handle) for _ in range(10)))

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
