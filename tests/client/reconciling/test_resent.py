"""A create that was sent twice, and whose second may be refused as a duplicate of the first."""

from datetime import timedelta

import pytest

from plextera_async import AsyncPlextera, ExtractionHandle, errors
from tests.support.clocks import FakeClock
from tests.support.fickle_server import FickleServer
from tests.support.lost_creates import CREATES, GRACE
from tests.support.raw_server import answer


class TestSentTwice:
    """The first create arrived after all, later than the grace; the second is refused as its duplicate."""

    @pytest.fixture
    async def handle(self, tagged: FickleServer, client: AsyncPlextera, clock: FakeClock) -> ExtractionHandle:
        tagged.plan, tagged.lag, tagged.rejects_repeats = ["apply drop", "ok"], 15, True
        handle = await CREATES["create"](client)
        assert len(tagged.sends) == 2
        first, second = tagged.keyed("mine")
        assert handle.id == second.id
        first.status = "COMPLETED"
        clock.move(15)
        return handle

    async def test_wait_moves_to_the_first(self, tagged: FickleServer, handle: ExtractionHandle) -> None:
        first, second = tagged.keyed("mine")

        job = await handle.wait(timeout=None)

        assert (job.id, handle.id, job.status) == (first.id, first.id, "COMPLETED")
        assert handle.also_created == (second.id,)
        assert (await handle.wait()).id == first.id

    async def test_lists_may_show_the_first_still_later(
        self, tagged: FickleServer, clock: FakeClock, handle: ExtractionHandle
    ) -> None:
        tagged.keyed("mine")[0].listed_from = clock.now() + timedelta(seconds=GRACE)
        before = len(clock.sleeps)

        assert (await handle.wait()).id == tagged.keyed("mine")[0].id
        assert clock.sleeps[before:].count(GRACE) == 1

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
        lists = tagged.lists
        with pytest.raises(errors.ExtractionRejectedError):
            await handle.result()

        assert handle.id == second.id
        assert tagged.lists == lists
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
