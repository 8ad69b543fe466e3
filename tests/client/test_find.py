"""Extractions are found by the key of their create."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from plextera_async import AsyncPlextera, errors
from plextera_async._sansio.reconcile import Step
from plextera_async.sandbox import Fault, Sandbox
from tests.support.clocks import FakeClock, with_clock
from tests.support.fickle_server import FickleServer


async def test_what_was_created_is_found(sandbox: Sandbox, client: AsyncPlextera) -> None:
    made = await client.extractions.upload(b"Total: 1", key="invoice-1")
    await client.extractions.upload(b"Total: 2", key="invoice-2")

    found = await client.extractions.find("invoice-1")

    assert found is not None
    assert found.id == made.id
    assert found.also_created == ()
    assert (await found.result()).fields[0].value == 1


@pytest.mark.parametrize("key", ["invoice", "INVOICE-1", "invoice-1 ", "other"])
async def test_what_was_not_is_not(client: AsyncPlextera, key: str) -> None:
    await client.extractions.upload(b"Total: 1", key="invoice-1")

    assert await client.extractions.find(key) is None


async def test_the_oldest_is_found_and_knows_of_the_others(client: AsyncPlextera) -> None:
    ids = [(await client.extractions.upload(b"Total: %d" % n, key="k")).id for n in range(3)]

    found = await client.extractions.find("k")

    assert found is not None
    assert (found.id, found.also_created) == (ids[0], tuple(ids[1:]))


async def test_since_bounds_how_far_the_list_is_read(clock: FakeClock) -> None:
    async with FickleServer(clock.now) as server:
        client = with_clock(AsyncPlextera("key", base_url=server.base_url), clock)
        for age in range(2000, 0, -1):
            server.add(age=age, tags={"plexteraClientKey": f"{age}"})
        async with client:
            now = clock.now()
            assert await client.extractions.find("2000", since=now) is None
            assert server.lists == 4
            recent = await client.extractions.find("299", since=now)
            assert await client.extractions.find("302", since=now) is None
            oldest = await client.extractions.find("2000")

    assert recent is not None
    assert oldest is not None
    assert (recent.id, oldest.id) == ("job1701", "job0")


@pytest.mark.parametrize("since", [datetime(2026, 1, 1), "2026-01-01", 5])  # noqa: DTZ001 - what is refused
async def test_since_must_be_aware(sandbox: Sandbox, client: AsyncPlextera, since: Any) -> None:
    with pytest.raises(errors.InvalidInputError, match="aware"):
        await client.extractions.find("k", since=since)
    assert len(sandbox.requests) == 0


@pytest.mark.parametrize("key", ["", None, 5])
async def test_a_key_must_be_text(sandbox: Sandbox, client: AsyncPlextera, key: Any) -> None:
    with pytest.raises(errors.InvalidInputError, match="key"):
        await client.extractions.find(key)
    assert len(sandbox.requests) == 0


async def test_a_failure_to_look_is_raised(sandbox: Sandbox, client: AsyncPlextera, clock: FakeClock) -> None:
    sandbox.faults.add(Fault(status=503, times=None))

    with pytest.raises(errors.ServerError):
        await client.extractions.find("k")
    with pytest.raises(errors.ServerError):
        await client.extractions.find("k", since=clock.now())


async def test_the_error_of_a_create_says_what_find_needs(
    sandbox: Sandbox, client: AsyncPlextera, clock: FakeClock
) -> None:
    sandbox.faults.add(Fault(method="POST", status=502, apply=True))
    fault = sandbox.faults.add(Fault(method="GET", status=502, times=None))
    with pytest.raises(errors.AmbiguousCreateError) as caught:
        await client.extractions.upload(b"Total: 1")
    fault.times = 0
    clock.move(100)

    assert caught.value.key is not None
    found = await client.extractions.find(caught.value.key, since=caught.value.since)

    assert found is not None
    assert list(sandbox.world.extractions) == [found.id]


class TestSettling:
    """For a journal, which knows the key and when it began."""

    async def test_found(self, client: AsyncPlextera, clock: FakeClock) -> None:
        ids = [(await client.extractions.upload(b"Total: %d" % n, key="k")).id for n in range(2)]

        step, sighting = await client.extractions.lookups.settle("k", clock.now())

        assert (step, [match.id for match in sighting.matches]) == (Step.TAKE, ids)
        assert clock.sleeps == []

    async def test_absent(self, client: AsyncPlextera, clock: FakeClock) -> None:
        await client.extractions.upload(b"Total: 1", key="other")

        step, _ = await client.extractions.lookups.settle("k", clock.now() - timedelta(days=3))

        assert step is Step.SEND_AGAIN
        assert clock.sleeps == [10.0]

    async def test_unknown(self, client: AsyncPlextera, clock: FakeClock) -> None:
        step, _ = await client.extractions.lookups.settle("k", clock.now())

        assert step is Step.GIVE_UP
