"""Extractions whose create has an unknown fate are looked for by their key; sends are counted on the socket."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from plextera_async import AsyncPlextera, ExtractionHandle, errors
from plextera_async.options import ClientOptions, RetryPolicy, Timeouts
from tests.support.clocks import FakeClock, with_clock
from tests.support.fickle_server import LOST, FickleServer
from tests.support.raw_server import answer
from tests.support.waiting import until

Create = Callable[..., Awaitable[ExtractionHandle]]

CREATES: dict[str, Create] = {
    "create": lambda c, **more: c.extractions.create(file_id="f", **{"key": "mine", **more}),
    "upload": lambda c, **more: c.extractions.upload(b"Total: 1", **{"key": "mine", **more}),
}
BOTH = pytest.mark.parametrize("create", CREATES.values(), ids=CREATES.keys())
EVERY_LOSS = pytest.mark.parametrize("loss", LOST)
GRACE = 10.0


@pytest.fixture
async def server(clock: FakeClock) -> AsyncIterator[FickleServer]:
    async with FickleServer(clock.now) as running:
        yield running


@pytest.fixture
async def client(server: FickleServer, clock: FakeClock) -> AsyncIterator[AsyncPlextera]:
    options = ClientOptions(retry=RetryPolicy(max_attempts=3))
    async with AsyncPlextera("key", base_url=server.base_url, options=options) as made:
        yield with_clock(made, clock)


@pytest.fixture
def tagged(server: FickleServer) -> FickleServer:
    """Let the list hold something that shows tags, so that absence can be proven."""
    server.add(age=3600, tags={"a": "b"})
    server.add(age=7200, tags={"a": "b"})
    return server


def losing(client: AsyncPlextera, loss: str) -> AsyncPlextera:
    """Give a view that does not wait long for an answer that never comes."""
    if loss != "silence":
        return client
    return client.with_options(timeouts=Timeouts(read=0.5), retry=RetryPolicy(max_attempts=10))


async def unknown(call: Awaitable[Any]) -> errors.AmbiguousCreateError:
    with pytest.raises(errors.AmbiguousCreateError) as caught:
        await call
    assert caught.value.key == "mine"
    assert caught.value.tags["plexteraClientKey"] == "mine"
    assert caught.value.cause is caught.value.__cause__ is not None
    return caught.value


@BOTH
@EVERY_LOSS
async def test_what_was_applied_is_found_after_one_send(
    server: FickleServer, client: AsyncPlextera, clock: FakeClock, create: Create, loss: str
) -> None:
    server.plan = [f"apply {loss}"]

    handle = await create(losing(client, loss))

    assert len(server.sends) == 1
    assert [handle.id] == [job.id for job in server.jobs]
    assert handle.also_created == ()
    assert handle.status == "QUEUED"
    assert clock.sleeps == []


@BOTH
@EVERY_LOSS
async def test_what_is_proven_absent_is_sent_once_more(
    tagged: FickleServer, client: AsyncPlextera, clock: FakeClock, create: Create, loss: str
) -> None:
    tagged.plan = [f"skip {loss}"]

    handle = await create(losing(client, loss))

    assert len(tagged.sends) == 2
    assert tagged.sends[0] == tagged.sends[1]
    assert [handle.id] == [job.id for job in tagged.keyed("mine")]
    assert clock.sleeps.count(GRACE) == 1
    assert tagged.lists >= 2


@BOTH
@pytest.mark.parametrize("deed", ["apply", "skip"])
@EVERY_LOSS
async def test_a_second_loss_is_looked_for_and_never_sent_a_third_time(
    tagged: FickleServer, client: AsyncPlextera, create: Create, deed: str, loss: str
) -> None:
    tagged.plan = ["skip drop", f"{deed} {loss}", "skip drop"]
    client = losing(client, loss)

    if deed == "apply":
        handle = await create(client)
        assert [handle.id] == [job.id for job in tagged.keyed("mine")]
    else:
        error = await unknown(create(client))
        assert "twice" in str(error)
        assert tagged.lists >= 4
    assert len(tagged.sends) == 2


@BOTH
async def test_a_job_that_appears_within_the_grace_is_found(
    tagged: FickleServer, client: AsyncPlextera, clock: FakeClock, create: Create
) -> None:
    tagged.plan, tagged.lag = ["apply drop"], 1

    handle = await create(client)

    assert len(tagged.sends) == 1
    assert [handle.id] == [job.id for job in tagged.keyed("mine")]
    assert clock.sleeps == [GRACE]


@BOTH
async def test_a_list_that_has_never_shown_tags_proves_nothing(
    server: FickleServer, client: AsyncPlextera, create: Create
) -> None:
    server.add(age=3600)
    server.plan = ["skip drop"]

    await unknown(create(client))

    assert len(server.sends) == 1
    assert server.lists == 2


@BOTH
async def test_what_lists_have_shown_before_counts(
    server: FickleServer, client: AsyncPlextera, create: Create
) -> None:
    job = server.add(age=3600, tags={"a": "b"})
    assert await client.extractions.find("other") is None
    server.jobs.remove(job)
    server.plan = ["skip drop"]

    handle = await create(client)

    assert len(server.sends) == 2
    assert [handle.id] == [one.id for one in server.keyed("mine")]


async def test_items_without_tags_are_read_singly(server: FickleServer, client: AsyncPlextera) -> None:
    server.list_tags = lambda _: None
    for _ in range(5):
        server.add(age=1, tags={"a": "b"})
    server.plan = ["apply drop"]

    handle = await CREATES["create"](client)

    assert handle.id == server.keyed("mine")[0].id
    assert server.gets == 6


@pytest.mark.parametrize(("untold", "sends"), [(100, 2), (101, 1)])
async def test_more_than_a_hundred_items_without_tags_prove_nothing(
    tagged: FickleServer, client: AsyncPlextera, untold: int, sends: int
) -> None:
    for _ in range(untold):
        tagged.add(age=1)
    tagged.plan = ["skip drop"]
    call = CREATES["create"](client)

    if sends == 1:
        await unknown(call)
        assert tagged.gets == 200
    else:
        await call
        assert tagged.gets == 200
    assert len(tagged.sends) == sends


async def test_an_item_that_cannot_be_read_proves_nothing(
    tagged: FickleServer, client: AsyncPlextera
) -> None:
    tagged.add(age=1)
    tagged.plan = ["skip drop"]
    tagged.get_faults = [answer(b"{}", status="404 x")]

    await unknown(CREATES["create"](client))

    assert len(tagged.sends) == 1


async def test_old_items_without_tags_do_not_matter(tagged: FickleServer, client: AsyncPlextera) -> None:
    for _ in range(150):
        tagged.add(age=1000)
    tagged.plan = ["skip drop"]

    await CREATES["create"](client)

    assert len(tagged.sends) == 2
    assert tagged.gets == 0


@pytest.mark.parametrize(
    "order",
    [
        lambda jobs: sorted(jobs, key=lambda job: job.created_at),
        lambda jobs: sorted(jobs, key=lambda job: hash(job.id)),
        lambda jobs: [*jobs[3:], *jobs[:3]],
    ],
    ids=["oldest first", "shuffled", "rotated"],
)
@pytest.mark.parametrize("deed", ["apply", "skip"])
async def test_a_list_in_another_order_is_read_whole_and_proves_nothing(
    server: FickleServer, client: AsyncPlextera, order: Any, deed: str
) -> None:
    for age in range(250):
        server.add(age=3600 - age, tags={"a": "b"})
    server.order = order
    server.plan = [f"{deed} drop"]

    if deed == "apply":
        assert (await CREATES["create"](client)).id == server.keyed("mine")[0].id
    else:
        await unknown(CREATES["create"](client))
    assert len(server.sends) == 1


async def test_a_sorted_list_is_read_no_further_than_needed(
    server: FickleServer, client: AsyncPlextera
) -> None:
    for age in range(1000, 0, -1):
        server.add(age=age, tags={"a": "b"})
    server.plan = ["skip drop"]

    await CREATES["create"](client)

    assert server.lists == 2 * 4  # 300 s are three pages; the fourth has nothing newer
    assert len(server.sends) == 2


@BOTH
@pytest.mark.parametrize("deed", ["apply", "skip"])
@pytest.mark.parametrize("hours", [-30, -1, 1, 30])
async def test_clocks_that_differ(
    tagged: FickleServer, client: AsyncPlextera, create: Create, hours: int, deed: str
) -> None:
    tagged.ahead = timedelta(hours=hours)
    tagged.add(age=1, tags={"a": "b"})
    tagged.plan = [f"{deed} drop"]

    handle = await create(client)

    assert [handle.id] == [job.id for job in tagged.keyed("mine")]
    assert len(tagged.sends) == (1 if deed == "apply" else 2)


@BOTH
@pytest.mark.parametrize("deed", ["apply", "skip"])
async def test_a_server_that_tells_no_time_has_ours(
    tagged: FickleServer, client: AsyncPlextera, create: Create, deed: str
) -> None:
    tagged.date_ahead = None
    tagged.plan = [f"{deed} drop"]

    handle = await create(client)

    assert [handle.id] == [job.id for job in tagged.keyed("mine")]
    assert len(tagged.sends) == (1 if deed == "apply" else 2)


async def test_a_date_that_is_ahead_of_the_times_of_jobs_proves_nothing(
    tagged: FickleServer, client: AsyncPlextera
) -> None:
    tagged.date_ahead = timedelta(hours=1)
    tagged.plan = ["apply drop"]

    await unknown(CREATES["create"](client))

    assert len(tagged.sends) == 1


@pytest.mark.parametrize("date", ["", "nonsense", "Mon, 01 Jan 0001 00:00:00 GMT"])
async def test_a_date_that_is_none_is_survived(
    tagged: FickleServer, client: AsyncPlextera, monkeypatch: pytest.MonkeyPatch, date: str
) -> None:
    monkeypatch.setattr("tests.support.fickle_server.format_datetime", lambda *_, **__: date)
    tagged.plan = ["apply drop"]

    assert (await CREATES["create"](client)).id == tagged.keyed("mine")[0].id
    assert len(tagged.sends) == 1


async def test_an_older_job_of_the_same_key_is_another_one(
    tagged: FickleServer, client: AsyncPlextera
) -> None:
    old = tagged.add(age=301, tags={"plexteraClientKey": "mine"})
    tagged.plan = ["apply drop"]

    handle = await CREATES["create"](client)

    assert handle.id != old.id
    assert handle.also_created == ()


async def test_of_two_matches_the_oldest_counts(tagged: FickleServer, client: AsyncPlextera) -> None:
    old = tagged.add(age=200, tags={"plexteraClientKey": "mine"})
    middle = tagged.add(age=100, tags={"plexteraClientKey": "mine"})
    tagged.plan = ["apply drop"]

    handle = await CREATES["create"](client)

    assert handle.id == old.id
    assert handle.also_created == (middle.id, tagged.jobs[-1].id)


@pytest.mark.parametrize(
    "tags",
    [{"plexteraclientkey": "mine"}, {"plexteraClientKey": "MINE"}, {"PLEXTERACLIENTKEY": " Mine "}],
)
async def test_what_may_be_the_key_in_another_spelling_proves_nothing(
    tagged: FickleServer, client: AsyncPlextera, tags: dict[str, str]
) -> None:
    tagged.add(age=1, tags=tags)
    tagged.plan = ["skip drop"]

    await unknown(CREATES["create"](client))

    assert len(tagged.sends) == 1


async def test_other_keys_do_not_matter(tagged: FickleServer, client: AsyncPlextera) -> None:
    tagged.add(age=1, tags={"plexteraClientKey": "mine2"})
    tagged.plan = ["skip drop"]

    await CREATES["create"](client)

    assert len(tagged.sends) == 2


async def test_a_list_that_moves_while_it_is_read_hides_nothing(
    server: FickleServer, client: AsyncPlextera
) -> None:
    for age in range(250, 0, -1):
        server.add(age=age, tags={"a": "b"})
    mine = server.add(age=120, tags={"plexteraClientKey": "mine"})
    gone = server.jobs[-60:-1]

    def leave(page: int) -> None:
        if page == 1:
            for job in gone:
                if job in server.jobs:
                    server.jobs.remove(job)

    server.on_list = leave
    server.plan = ["skip drop"]

    assert (await CREATES["create"](client)).id == mine.id
    assert len(server.sends) == 1


@pytest.mark.parametrize(
    "fault",
    [
        answer(status="500 x"),
        answer(status="429 x", headers="Retry-After: 1\r\n"),
        answer(b"", status="503 x"),
    ],
    ids=["500", "429", "503"],
)
async def test_a_look_up_that_fails_is_tried_again(
    server: FickleServer, client: AsyncPlextera, fault: bytes
) -> None:
    server.plan = ["apply drop"]
    server.list_faults = [fault, fault]

    handle = await CREATES["create"](client)

    assert handle.id == server.jobs[0].id
    assert server.lists == 3


@pytest.mark.parametrize(
    "fault", [answer(status="500 x"), answer(status="401 x"), answer(b"<html>"), answer(b"{}")]
)
async def test_a_look_up_that_goes_on_failing_leaves_the_fate_unknown(
    server: FickleServer, client: AsyncPlextera, fault: bytes
) -> None:
    server.plan = ["apply drop"]
    server.list_faults = [fault] * 100

    error = await unknown(CREATES["create"](client))

    assert "looking for it failed" in str(error)
    assert isinstance(error.cause, errors.ConnectionLostError)
    assert len(server.sends) == 1


async def test_a_source_that_cannot_be_sent_again_is_not(tagged: FickleServer, client: AsyncPlextera) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(10):
            yield bytes(100_000)

    tagged.plan = ["skip drop"]

    error = await unknown(client.extractions.upload(pieces(), key="mine"))

    assert "cannot be sent again" in str(error)
    assert len(tagged.sends) == 1


async def test_a_source_that_changed_is_not_sent_again(
    tagged: FickleServer, client: AsyncPlextera, clock: FakeClock, tmp_path: Path
) -> None:
    path = tmp_path / "a"
    path.write_bytes(bytes(100_000))
    tagged.plan = ["skip drop"]
    clock.on_sleep = lambda _: path.write_bytes(bytes(99_999))

    with pytest.raises(errors.InvalidInputError):
        await client.extractions.upload(path, key="mine")
    assert len(tagged.sends) == 1
    assert tagged.keyed("mine") == []


@pytest.mark.parametrize("status", ["400 x", "401 x", "422 x"])
async def test_a_refusal_of_the_second_send_is_that_refusal(
    tagged: FickleServer, client: AsyncPlextera, status: str
) -> None:
    tagged.plan = ["skip drop", status]

    with pytest.raises(errors.APIError) as caught:
        await CREATES["create"](client)

    assert caught.value.status == int(status[:3])
    assert len(tagged.sends) == 2


@BOTH
async def test_without_reconciliation_nothing_is_looked_for(
    tagged: FickleServer, client: AsyncPlextera, create: Create
) -> None:
    tagged.plan = ["apply drop", "apply drop"]

    await unknown(create(client.with_options(reconcile=False)))
    with pytest.raises(errors.AmbiguousCreateError) as keyless:
        await create(client, key=None, tags={str(number): "x" for number in range(50)})

    assert keyless.value.key is None
    assert len(tagged.sends) == 2
    assert tagged.lists == 0


async def test_a_key_among_the_tags_is_the_key(tagged: FickleServer, client: AsyncPlextera) -> None:
    tagged.plan = ["apply drop"]

    handle = await CREATES["create"](client, key=None, tags={"plexteraClientKey": "mine"})

    assert handle.id == tagged.keyed("mine")[0].id


@pytest.mark.parametrize("when", ["list", "grace"])
async def test_cancelling_a_look_up_is_cancelling(
    tagged: FickleServer, client: AsyncPlextera, clock: FakeClock, when: str
) -> None:
    tagged.plan = ["skip drop"]
    task = asyncio.ensure_future(CREATES["create"](client))
    if when == "list":
        tagged.on_list = lambda _: task.cancel()
    else:
        clock.on_sleep = lambda _: task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await task
    assert len(tagged.sends) == 1
    tagged.on_list = clock.on_sleep = lambda _: None  # type: ignore[assignment]
    assert await client.extractions.find("mine") is None


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


class TestSentTwice:
    """The first create arrived after all, later than the grace; the second is refused as its duplicate."""

    @pytest.fixture
    async def handle(self, tagged: FickleServer, client: AsyncPlextera) -> ExtractionHandle:
        tagged.plan, tagged.lag, tagged.rejects_repeats = ["apply drop", "ok"], 2, True
        handle = await CREATES["create"](client)
        assert len(tagged.sends) == 2
        first, second = tagged.keyed("mine")
        assert handle.id == second.id
        first.status = "COMPLETED"
        for job in tagged.jobs:
            job.hidden_for = 0
        return handle

    async def test_wait_moves_to_the_first(self, tagged: FickleServer, handle: ExtractionHandle) -> None:
        first, second = tagged.keyed("mine")

        job = await handle.wait()

        assert (job.id, handle.id, job.status) == (first.id, first.id, "COMPLETED")
        assert handle.also_created == (second.id,)
        assert (await handle.wait()).id == first.id

    async def test_result_moves_to_the_first(self, tagged: FickleServer, handle: ExtractionHandle) -> None:
        output = await handle.result()

        assert output.fields == []
        assert handle.id == tagged.keyed("mine")[0].id
        assert await handle.result() == output

    async def test_watch_moves_to_the_first(self, tagged: FickleServer, handle: ExtractionHandle) -> None:
        first, _ = tagged.keyed("mine")
        first.status = "PROCESSING"
        seen = []

        async for job in handle.watch():
            seen.append((job.id, job.status))
            first.status = "COMPLETED"

        assert seen == [(first.id, "PROCESSING"), (first.id, "COMPLETED")]

    async def test_the_time_is_that_of_one_wait(
        self, tagged: FickleServer, clock: FakeClock, handle: ExtractionHandle
    ) -> None:
        tagged.keyed("mine")[0].status = "PROCESSING"
        before = clock.monotonic()

        with pytest.raises(errors.WaitTimeoutError):
            await handle.wait(timeout=30)

        assert clock.monotonic() - before <= 31

    async def test_a_rejection_of_its_own_stays_one(
        self, tagged: FickleServer, handle: ExtractionHandle
    ) -> None:
        first, second = tagged.keyed("mine")
        tagged.jobs.remove(first)

        with pytest.raises(errors.ExtractionRejectedError):
            await handle.wait()
        with pytest.raises(errors.ExtractionRejectedError):
            await handle.result()

        assert handle.id == second.id
        assert [job.status async for job in handle.watch()] == ["REJECTED"]

    async def test_a_failed_look_for_the_first_can_be_repeated(
        self, tagged: FickleServer, handle: ExtractionHandle
    ) -> None:
        tagged.list_faults = [answer(status="500 x")] * 3

        with pytest.raises(errors.ServerError):
            await handle.wait()

        assert (await handle.wait()).status == "COMPLETED"

    async def test_another_end_is_looked_at_no_further(
        self, tagged: FickleServer, handle: ExtractionHandle
    ) -> None:
        tagged.keyed("mine")[1].status = "FAILED"
        handle.latest = None
        lists = tagged.lists

        with pytest.raises(errors.ExtractionFailedError):
            await handle.result()
        assert tagged.lists == lists


async def test_a_rejection_after_one_send_is_simply_a_rejection(
    tagged: FickleServer, client: AsyncPlextera
) -> None:
    tagged.add(age=10, tags={"plexteraClientKey": "mine"})
    tagged.rejects_repeats = True

    handle = await CREATES["create"](client)
    with pytest.raises(errors.ExtractionRejectedError):
        await handle.wait()

    assert handle.id == tagged.jobs[-1].id
    assert tagged.lists == 0


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
