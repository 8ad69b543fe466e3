"""Extractions whose create has an unknown fate are looked for by their key; sends are counted on the socket."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from plextera_async import AsyncPlextera, errors
from tests.support.clocks import FakeClock
from tests.support.fickle_server import FickleServer
from tests.support.lost_creates import BOTH, CREATES, EVERY_LOSS, GRACE, LOST, Create, losing, unknown
from tests.support.raw_server import answer


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
    tagged.plan, tagged.lag = ["apply drop"], 5

    handle = await create(client)

    assert len(tagged.sends) == 1
    assert [handle.id] == [job.id for job in tagged.keyed("mine")]
    assert clock.sleeps == [GRACE]


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

    assert "it may have been applied: it could not be looked for (" in str(error)
    assert isinstance(error.cause, errors.ConnectionLostError)
    assert len(server.sends) == 1


@pytest.mark.parametrize("fault", [answer(status="500 x"), answer(b"<html>")])
async def test_one_look_that_fails_does_not_count(
    server: FickleServer, client: AsyncPlextera, clock: FakeClock, fault: bytes
) -> None:
    server.plan = ["apply drop"]
    server.list_faults = [fault] * (
        1 if b"<html>" in fault else 3
    )  # of which what may pass is read three times

    handle = await CREATES["create"](client)

    assert handle.id == server.jobs[0].id
    assert clock.sleeps.count(GRACE) == 1


async def test_two_looks_beside_one_that_failed_prove_absence(
    tagged: FickleServer, client: AsyncPlextera, clock: FakeClock
) -> None:
    tagged.plan = ["skip drop"]
    clock.on_sleep = lambda _: (
        tagged.list_faults.append(answer(b"<html>")) if len(clock.sleeps) == 1 else None
    )

    await CREATES["create"](client)

    assert len(tagged.sends) == 2
    assert clock.sleeps == [GRACE, GRACE]


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


FATES = ["ok"] * 10 + [f"{deed} {loss}" for deed in ("apply", "skip") for loss in LOST if loss != "silence"]
