"""Look-ups that meet share one pass over the list."""

import asyncio
from datetime import timedelta

from plextera_async import AsyncPlextera, ExtractionHandle, errors
from tests.support.clocks import FakeClock, with_clock
from tests.support.fickle_server import FickleServer
from tests.support.raw_server import answer
from tests.support.waiting import until


async def test_look_ups_that_meet_share_a_pass(tagged: FickleServer, client: AsyncPlextera) -> None:
    count = 50
    tagged.plan = ["apply drop", "skip 500"] * (count // 2)

    handles = await asyncio.gather(
        *(client.extractions.create(file_id="f", key=f"k{number}") for number in range(count))
    )

    assert [len(tagged.keyed(f"k{number}")) for number in range(count)] == [1] * count
    assert [handle.id for handle in handles] == [tagged.keyed(f"k{number}")[0].id for number in range(count)]
    assert len(tagged.sends) == count + count // 2
    assert tagged.lists < count


async def test_who_is_cancelled_leaves_the_pass_to_the_others(
    tagged: FickleServer, client: AsyncPlextera
) -> None:
    tagged.plan = ["apply drop"] * 10
    tasks: list[asyncio.Task[ExtractionHandle]] = []

    def cancel_first(_page: int) -> None:
        tasks[0].cancel()

    tagged.on_list = cancel_first
    tasks += [
        asyncio.ensure_future(client.extractions.create(file_id="f", key=f"k{number}"))
        for number in range(10)
    ]
    ended = await asyncio.gather(*tasks, return_exceptions=True)

    assert sum(isinstance(one, asyncio.CancelledError) for one in ended) <= 1
    for number, one in enumerate(ended):
        if isinstance(one, ExtractionHandle):
            assert one.id == tagged.keyed(f"k{number}")[0].id
    assert sum(isinstance(one, ExtractionHandle) for one in ended) >= 9


async def test_two_loops_may_look_with_one_client(clock: FakeClock, server: FickleServer) -> None:
    client = with_clock(AsyncPlextera("key", base_url=server.base_url), clock)
    server.add(tags={"plexteraClientKey": "k"})

    def elsewhere() -> ExtractionHandle | None:
        async def find() -> ExtractionHandle | None:
            async with client:
                return await client.extractions.find("k", since=clock.now())

        return asyncio.run(find())

    found = await asyncio.gather(*(asyncio.to_thread(elsewhere) for _ in range(3)))

    assert [one.id for one in found if one is not None] == ["job0"] * 3
    await until(lambda: server.lists == 3)


async def test_a_failure_to_look_is_shared(tagged: FickleServer, client: AsyncPlextera) -> None:
    count = 40
    tagged.plan = ["apply drop"] * count
    tagged.list_faults = [answer(status="500 x")] * 10_000

    ended = await asyncio.gather(
        *(client.extractions.create(file_id="f", key=f"k{number}") for number in range(count)),
        return_exceptions=True,
    )

    assert {type(end) for end in ended} == {errors.AmbiguousCreateError}
    assert tagged.lists < count


async def test_two_creates_of_one_key_have_a_window_each(
    tagged: FickleServer, client: AsyncPlextera, clock: FakeClock
) -> None:
    old = tagged.add(age=1000, tags={"plexteraClientKey": "k"})
    look = client.extractions.lookups.look

    early, late, none = await asyncio.gather(
        look("k", clock.now() - timedelta(seconds=900)),
        look("k", clock.now()),
        look("other", clock.now()),
    )

    assert [match.id for match in early.matches] == [old.id]
    assert late.matches == none.matches == ()
